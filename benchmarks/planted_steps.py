"""CrossTask and COIN with stand-in features that are planted from the real annotations: the path is right, and what chance gives.

python benchmarks/planted_steps.py crosstask FOLDER
python benchmarks/planted_steps.py coin FOLDER

A stand-in, no evidence for the paper: frames are noise and a known code a step, and are scored with the codes themselves, untrained.
FOLDER is as for ``--set data.root=``. The uniform placement needs no features, but the length of each video, which CrossTask's release
does not state: it is printed for two lengths, never fitted.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax
from tabulate import tabulate
from taco_bench_datasets.coin import Coin
from taco_bench_datasets.crosstask import CrossTask
from taco_bench_datasets.crosstask_release import step_label
from taco_bench_datasets.planted_steps import step_code
from taco_bench_tasks.localization_controls import uniform_placement

from taco_bench.api import Clip, numpy_stream
from taco_bench.metrics import frame_accuracy, ordered_assignment, step_recall

SIGNALS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
RUNS, LEFT_OUT = 20, 30
PUBLISHED = {
    "105222": 4.2, "105253": 7.1, "109972": 6.4, "113766": 7.3, "16815": 17.4, "23521": 7.1, "40567": 14.2, "44047": 9.8, "44789": 3.1,
    "53193": 10.7, "59684": 22.1, "71781": 5.5, "76400": 9.5, "77721": 7.5, "87706": 9.2, "91515": 9.2, "94276": 19.5, "95603": 5.1,
}  # fmt: skip
"""Uniform placement a task, and their mean: Zhukov et al., CVPR 2019, Tab. 2."""
PUBLISHED_MEAN = 9.7

Places = Callable[[Clip], npt.ArrayLike]
"""From a video to the second of each step of its procedure."""


def hits(clip: Clip, places: npt.ArrayLike) -> tuple[int, int]:
    """Distinct annotated steps whose second lies in one of their segments, and all of them."""
    seconds = {step_label(clip.task, at): second for at, second in enumerate(np.asarray(places).tolist(), start=1)}
    found = {step.label for step in clip.steps if step.start <= seconds[step.label] < step.end}
    return len(found), len({step.label for step in clip.steps})


def over_runs(clips: Sequence[Clip], place: Places) -> tuple[dict[str, float], float]:
    """Recall a task and their mean, averaged over the runs of the official protocol."""
    correct, total = np.array([hits(clip, place(clip)) for clip in clips]).T
    tasks = np.array([clip.task for clip in clips])
    recalls = []
    for run in range(RUNS):
        draw = numpy_stream(0, "planted-steps/run", run)
        left = {at for task in sorted(set(tasks)) for at in draw.permutation(np.flatnonzero(tasks == task))[:LEFT_OUT].tolist()}
        kept = [at for at in range(len(clips)) if at not in left]
        recalls.append(step_recall(correct[kept], total[kept], tasks[kept].tolist()))
    means = {task: float(np.mean([found.tasks[task] for found in recalls])) for task in recalls[0].tasks}
    return means, float(np.mean([found.mean for found in recalls]))


def truth(clip: Clip, length: int) -> npt.NDArray[np.float64]:
    """[seconds, steps of the procedure] 1 where the annotation has the step."""
    found = np.zeros((length, len(clip.procedure)))
    for step in clip.steps:
        found[step.start : step.end, int(step.label.rpartition("-")[2]) - 1] = 1
    return found


def step_scores(frames: npt.NDArray[np.float32], clip: Clip) -> npt.NDArray[np.float32]:
    """[seconds, steps] the frames' products with the codes of the procedure's steps."""
    codes = np.stack([step_code(step_label(clip.task, at)) for at in range(1, len(clip.procedure) + 1)])
    return np.asarray(frames @ codes.T)


def in_order(clips: Sequence[Clip], best: Mapping[str, npt.ArrayLike]) -> list[Clip]:
    """The videos that show every step of their procedure, and in its order: their best ordered placement ``best`` finds all."""
    return [clip for clip in clips if hits(clip, best[clip.id])[0] == hits(clip, best[clip.id])[1] == len(clip.procedure)]


def share_found(clips: Sequence[Clip], placed: Mapping[str, npt.ArrayLike]) -> float:
    """The share of all their steps that are found, in percent."""
    found, of = np.array([hits(clip, placed[clip.id]) for clip in clips]).T
    return 100 * float(found.sum()) / float(of.sum())


def uniform_table(clips: Sequence[Clip], length: Callable[[Clip], int]) -> str:
    """The uniform placement a task, beside the published figures."""
    last = {clip.id: max(max(step.end for step in clip.steps), len(clip.procedure)) for clip in clips}
    short, short_mean = over_runs(clips, lambda clip: uniform_placement(last[clip.id], len(clip.procedure)))
    full, full_mean = over_runs(clips, lambda clip: uniform_placement(length(clip), len(clip.procedure)))
    titles = {clip.task: clip.captions[0] for clip in clips}
    rows = [[titles[task], short[task], full[task], PUBLISHED[task]] for task in sorted(titles, key=int)]
    rows.append(["mean over tasks", short_mean, full_mean, PUBLISHED_MEAN])
    header = ["uniform placement, recall", "video ends with its last step", "212 hours in all", "Zhukov et al., Tab. 2"]
    return tabulate(rows, headers=header, floatfmt=".1f", tablefmt="github")


def crosstask(root: str, signals: Sequence[float] = SIGNALS) -> None:
    clips = [clip for clip in CrossTask(root).clips() if clip.split == "test"]
    world = CrossTask(root, planted_signal=0)
    lengths = {clip.id: len(world.read("planted", clip)) for clip in clips}
    print(f"{len(clips)} test videos, {RUNS} runs, {LEFT_OUT} videos a task left out of each: {len(clips) - LEFT_OUT * 18} tested\n")
    print(uniform_table(clips, lambda clip: lengths[clip.id]), "\n")
    best = {clip.id: ordered_assignment(truth(clip, lengths[clip.id])) for clip in clips}
    follow = in_order(clips, best)
    rows = [[*knob(root, clips, follow, signal)] for signal in signals]
    rows.append(["the annotations themselves", over_runs(clips, lambda clip: best[clip.id])[1], None, None, 100.0])
    header = [
        "planted signal (stand-in, no evidence)",
        "recall",
        "without log-softmax",
        "without order",
        f"recall, {len(follow)} videos in order",
    ]
    print(tabulate(rows, headers=header, floatfmt=".1f", tablefmt="github"))


def knob(root: str, clips: Sequence[Clip], follow: Sequence[Clip], signal: float) -> tuple[float, ...]:
    """The signal, and recalls: by the protocol; of the plain scores; of each step's best second alone; by the protocol on ``follow``."""
    planted = CrossTask(root, planted_signal=signal)
    plain = {clip.id: step_scores(planted.read("planted", clip), clip) for clip in clips}
    placed = {name: ordered_assignment(log_softmax(of, axis=1)) for name, of in plain.items()}
    return (
        signal,
        over_runs(clips, lambda clip: placed[clip.id])[1],
        over_runs(clips, lambda clip: ordered_assignment(plain[clip.id]))[1],
        over_runs(clips, lambda clip: plain[clip.id].argmax(axis=0))[1],
        share_found(follow, placed),
    )


def coin(root: str, signals: Sequence[float] = SIGNALS) -> None:
    clips = Coin(root, planted_signal=0).clips()
    test = [clip for clip in clips if clip.split == "test"]
    labels = sorted({step.label for clip in clips for step in clip.steps}, key=int)
    prior = log_prior([clip for clip in clips if clip.split == "train"], labels)
    rows: list[list[object]] = []
    for signal in signals:
        guess, target = decoded(Coin(root, planted_signal=signal), test, labels, prior, signal)
        found = frame_accuracy(guess, target)
        rows.append([signal, found["accuracy"], found["accuracy_without_background"]])
    everywhere = frame_accuracy(np.zeros_like(target), target)
    print(f"{len(test)} test videos, {len(target)} seconds, {len(labels)} steps and background\n")
    rows.append(["background everywhere", everywhere["accuracy"], everywhere["accuracy_without_background"]])
    header = ["planted signal (stand-in, no evidence)", "frame accuracy", "without background"]
    print(tabulate(rows, headers=header, floatfmt=".1f", tablefmt="github"))


def log_prior(clips: Sequence[Clip], labels: Sequence[str]) -> npt.NDArray[np.float32]:
    """[1 + labels] log of the seconds that clips show of each class up to their last step; half a second where there is none."""
    number = {label: at for at, label in enumerate(labels, start=1)}
    seconds = np.concatenate([_classes(clip, number, max(step.end for step in clip.steps)) for clip in clips])
    return np.asarray(np.log(np.maximum(np.bincount(seconds, minlength=len(labels) + 1), 0.5)), np.float32)


def decoded(
    dataset: Coin, clips: Sequence[Clip], labels: Sequence[str], prior: npt.NDArray[np.float32], signal: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """[seconds of all clips] the likeliest class of each, the codes and their size being known, and the true one; 0 is background.

    Args:
        dataset: whose stand-in is read.
        clips: one after the other.
        labels: of the classes from 1 on.
        prior: [1 + labels], log.
        signal: of the stand-in.
    """
    number = {label: at for at, label in enumerate(labels, start=1)}
    weight = np.stack([np.zeros(44, np.float32), *map(step_code, labels)]).T * np.float32(signal)
    bias = np.asarray(prior - signal**2 / 2 * (np.arange(len(labels) + 1) > 0), np.float32)  # noise around a code of length signal
    guess, target = [], []
    for clip in clips:
        frames = dataset.read("planted", clip)
        guess.append((frames @ weight + bias).argmax(axis=1))
        target.append(_classes(clip, number, len(frames)))
    return np.concatenate(guess), np.concatenate(target)


def _classes(clip: Clip, number: dict[str, int], length: int) -> npt.NDArray[np.int64]:
    """[seconds] the class of each; 0 is background."""
    found = np.zeros(length, np.int64)
    for step in clip.steps:
        found[step.start : step.end] = number[step.label]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=["crosstask", "coin"])
    parser.add_argument("root", help="the folder of the annotations")
    arguments = parser.parse_args()
    {"crosstask": crosstask, "coin": coin}[arguments.data](arguments.root)
