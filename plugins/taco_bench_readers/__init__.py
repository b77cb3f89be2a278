"""First-party readers: feature files as the known code bases write them."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_readers.mmt import Mmt
from taco_bench_readers.npy import Howto100mNpy, MmptFirst, NpyFolder, UniVLCsv
from taco_bench_readers.pickled import CollaborativeExperts, Howto100mPickle, Howto100mTorch, UniVLPickle
from taco_bench_readers.special import Bmt, CrossTask, Mlds, MsTcn


@hookimpl
def taco_bench_readers(register: Register) -> None:
    """Add the readers."""
    register("npy-folder", NpyFolder, summary="a folder of ID.npy (MMPT, VideoCLIP, COIN)")
    register("mmpt-first32", MmptFirst, summary="a folder of ID.npy, of each the first 32 rows (MMPT on MSR-VTT); only by name")
    register("howto100m-npy", Howto100mNpy, summary="a csv video_path,feature_path and its .npy files (antoine77340); :1.5 for its 3D")
    register("howto100m-pickle", Howto100mPickle, summary="a pickled list of {id, caption, 2d, 3d}: two streams (howto100m, YouCook2)")
    register("howto100m-torch", Howto100mTorch, summary="a torch file {2d: {id: tensor}, 3d: ...}: two streams (howto100m, MSR-VTT)")
    register("univl-pickle", UniVLPickle, summary="a pickle {id: array} (UniVL, YouCook2 and MSR-VTT)")
    register("univl-csv", UniVLCsv, summary="a csv video_id,feature_file and its .npy files (UniVL, HowTo100M)")
    register("crosstask", CrossTask, summary="a folder of ID.npy, 3,200 wide: three streams (CrossTask's release)")
    register("ms-tcn", MsTcn, summary="a folder of ID.npy, transposed (MS-TCN); only by name")
    register("mmt-h5", Mmt, summary="a tree c0/c1/c2/ID.h5: a stream an expert (MMT)")
    register("ce-pickle", CollaborativeExperts, summary="aggregated_*/MODEL-avg.pickle: a stream a model (collaborative-experts)")
    register("bmt", Bmt, summary="ID_rgb.npy, ID_flow.npy, ID_vggish.npy: three streams (BMT, video_features)")
    register("mlds", Mlds, summary="a folder of CLIP.avi.npy, 80 rows each (MLDS, MSVD)")
