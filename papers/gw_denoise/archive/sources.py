"""The archive's releases of uncleaned strain together with witness channels, for arXiv:2005.06534.

The strain that the Gravitational Wave Open Science Center (gwosc.org) offers for download has been cleaned of the
60 Hz line from the second observing run on, so it cannot be the target of a noise subtraction. Uncleaned strain is in
these three releases; `status` says what is known about each of them.
"""

from dataclasses import dataclass

from common.errors import InputError, nearest

from .witnesses import MAINS_CHANNEL, SLOW_CHANNELS

LICENCE = "CC BY 4.0 as recalled; see https://gwosc.org/data"
MAINS_AND_ANGLES = (MAINS_CHANNEL, *SLOW_CHANNELS)
UNSAFE = ("CALIB_STRAIN", "_STRAIN", "LSC-DARM", "OMC-DCPD", "OMC-LSC_SERVO")  # these see gravitational waves


@dataclass(frozen=True)
class Frames:
    """One kind of frame files.

    Attributes:
        pattern: Regular expression for the frame type; {detector} stands for H1 or L1. A source uses every type of the
            data-find service that matches and has the seconds.
        required: Whether the subtraction is impossible without them.
    """

    pattern: str
    required: bool = True


@dataclass(frozen=True)
class StateVector:
    """A channel whose bits say whether the strain can be used.

    Attributes:
        channel: Name without the detector.
        bits: In every sample of a good second, all of these are set.
    """

    channel: str
    bits: int


@dataclass(frozen=True)
class Times:
    """Which seconds of a release to use.

    Attributes:
        start_gps: [s] first second, or where the search for it begins.
        search_s: [s] length of the search for the first second from which on all frames exist; 0: no search.
        duration_s: [s] 1024 to train on and 1024 to test on, as in the authors' example settings.
    """

    start_gps: int
    search_s: int
    duration_s: int = 2048


@dataclass(frozen=True)
class Source:
    """One release. Channel names are without the detector's prefix.

    Attributes:
        title: What it is.
        page: Its description at the archive.
        status: What is certain about it and what is not.
        epoch_gps: [s] GPS times between which it has data.
        times: Which seconds to use.
        strain: The uncleaned channel, the target.
        frames: Where the channels are.
        witnesses: By detector.
        state: Data quality inside the frames, None where only the frames' gaps say it.
    """

    title: str
    page: str
    status: str
    epoch_gps: tuple[int, int]
    times: Times
    strain: str
    frames: tuple[Frames, ...]
    witnesses: dict[str, tuple[str, ...]]
    state: StateVector | None = None


SOURCES = {
    "o4a": Source(
        title="O4a, calibrated strain with no cleaning and the released auxiliary channels",
        page="https://gwosc.org/O4/o4_alternate and https://gwosc.org/O4/auxiliary",
        status="frame types and the list of witnesses are complete and certain; no angular (ASC) channels at H1",
        epoch_gps=(1368975618, 1389456018),
        times=Times(1376516096, search_s=86400),  # H1 has a frame of AUX_AR1 at this second (public analysis code)
        strain="GDS-CALIB_STRAIN_AR",
        frames=(Frames("{detector}_HOFT_C00_AR"), Frames("{detector}_AUX_AR1")),
        witnesses={
            "H1": (
                "CAL-PCALX_RX_PD_OUT_DQ",
                "CAL-PCALY_RX_PD_OUT_DQ",
                "IMC-WFS_A_DC_PIT_OUT_DQ",
                "IMC-WFS_A_DC_YAW_OUT_DQ",
                "LSC-POP_A_LF_OUT_DQ",
                "LSC-REFL_A_RIN_OUT_DQ",
                "OAF-IMC_WFS_A_DC_PIT_PREFILT_OUT_DQ",
                "OAF-IMC_WFS_A_DC_YAW_PREFILT_OUT_DQ",
                "OAF-REFL_A_RIN_PREFILT_OUT_DQ",
                "PEM-EY_MAINSMON_EBAY_1_DQ",
                "SUS-ETMX_L1_CAL_LINE_OUT_DQ",
                "SUS-ETMX_L2_CAL_LINE_OUT_DQ",
                "SUS-ETMX_L3_CAL_LINE_OUT_DQ",
                "SUS-PI_PROC_COMPUTE_MODE29_RMSMON",
            ),
            "L1": (
                "ASC-X_TR_A_NSUM_OUT_DQ",
                "CAL-PCALX_RX_PD_OUT_DQ",
                "CAL-PCALY_RX_PD_OUT_DQ",
                "IMC-WFS_B_I_PIT_OUT_DQ",
                "OAF-IMC_WFS_B_I_PIT_PREFILT_OUT_DQ",
                "PEM-EX_VMON_ETMX_ESDPOWER24_DQ",
                "PEM-EY_MAINSMON_EBAY_1_DQ",
                "SUS-ETMX_L1_CAL_LINE_OUT_DQ",
                "SUS-ETMX_L2_CAL_LINE_OUT_DQ",
                "SUS-ETMX_L3_CAL_LINE_OUT_DQ",
                "SUS-PI_PROC_COMPUTE_MODE5_RMSMON",
            ),
        },
        state=StateVector("GDS-CALIB_STATE_VECTOR_AR", bits=0b11),  # strain is valid, observing
    ),
    "o3a": Source(
        title="O3, calibrated strain before the noise subtraction and the released auxiliary channels",
        page="https://gwosc.org/O3/O3alt and https://gwosc.org/O3/auxiliary",
        status="the article's times; the strain channel is certain, its frame type and the witnesses are not known yet",
        epoch_gps=(1238166018, 1269363618),
        times=Times(1243926522, search_s=0),  # 2019-06-07, example settings of the authors' later code
        strain="DCS-CALIB_STRAIN_C01_AR",
        frames=(
            Frames("{detector}_HOFT_C01_AR"),
            Frames("{detector}_AUX_AR1"),
            Frames("{detector}_AUX_CLN.*", required=False),
        ),
        witnesses={
            "H1": (*MAINS_AND_ANGLES, "PEM-EY_MAINSMON_EBAY_1_DQ"),
            "L1": tuple(
                name
                for name in (*MAINS_AND_ANGLES, "PEM-EY_MAINSMON_EBAY_1_DQ")
                if name not in ("ASC-INP1_Y_INMON", "ASC-DSOFT_Y_INMON", "ASC-CSOFT_Y_INMON")
            ),
        },
    ),
    "gw170814": Source(
        title="Three hours around GW170814 (O2), some 500 auxiliary channels",
        page="https://gwosc.org/auxiliary/GW170814/",
        status="the target is the uncalibrated control signal; frame type and most witnesses are not known yet",
        epoch_gps=(1186736512, 1186747264),
        times=Times(1186736512, search_s=10752),  # all of it
        strain="LSC-DARM_OUT_DQ",
        frames=(Frames("{detector}_.*AUX.*"),),
        witnesses={
            "H1": (
                "IMC-PWR_IN_OUT_DQ",
                "PEM-CS_ACC_PSL_TABLE1_X_DQ",
                "PEM-CS_ACC_PSL_TABLE1_Y_DQ",
                "PEM-CS_ACC_PSL_TABLE1_Z_DQ",
                "PEM-CS_ACC_PSL_TABLE2_Z_DQ",
            ),
            "L1": ("IMC-PWR_IN_OUT_DQ", "PEM-CS_LOWFMIC_LVEA_VERTEX_DQ"),
        },
    ),
}


def find_source(name: str) -> Source:
    """Return a source by name.

    Raises:
        InputError: If there is none of this name.
    """
    if name not in SOURCES:
        raise InputError(f"there is no source '{name}'.{nearest(name, SOURCES)}")
    return SOURCES[name]


def uncleaned_at(detector: str, gps: float) -> str:
    """Return the public uncleaned channel at a GPS time and the source that has it, for messages."""
    for name, source in SOURCES.items():
        if source.epoch_gps[0] <= gps < source.epoch_gps[1]:
            return f"{detector}:{source.strain} (source '{name}')"
    channels = ", ".join(f"{detector}:{source.strain} (source '{name}')" for name, source in SOURCES.items())
    return f"the one without CLEAN in its name if the archive has it; known for other times: {channels}"


def check_safe(witness: str) -> None:
    """Refuse a witness that sees gravitational waves: a subtraction that uses it removes the signals.

    Raises:
        InputError: If the channel is known for that.
    """
    if any(part in witness for part in UNSAFE):
        raise InputError(f"{witness}: this channel sees gravitational waves. Take it off the list of witnesses.")
