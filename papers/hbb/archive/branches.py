"""The branches of `deepntuplizer/tree` of CERN Open Data record 12102, and the inputs of the networks among them.

Names and types of the 219 branches are those that uproot lists for the record's file train/ntuple_merged_10.root. The
feature lists are those of the authors' code, in its order.
"""

TREE = "deepntuplizer/tree"
COLLECTIONS = ("pfcand", "track", "trackBTag", "sv")  # one value per particle: std::vector<float> in the record's files
MAX_TRACKS, MAX_VERTICES, MAX_PARTICLES = 60, 5, 100  # the most displaced ones come first, the others are dropped


def _names(prefix: str, text: str) -> list[str]:
    return [f"{prefix}_{name}" for name in text.split()]


EVENT = [
    "event_no",
    "jet_no",
    "npv",
    "ntrueInt",
    "rho",
    "gen_pt",
    "Delta_gen_pt",
    "jet_pt",
    "jet_corr_pt",
    "jet_eta",
    "jet_phi",
    "jet_looseId",
    "jet_tightId",
    "isB",
    "isBB",
    "isC",
    "isG",
    "isLeptonicB",
    "isLeptonicB_C",
    "isS",
    "isUD",
    "isUndefined",
    "pfBoostedDoubleSecondaryVertexAK8BJetTags",
    "pfCombinedInclusiveSecondaryVertexV2BJetTags",
    "pfCombinedMVAV2BJetTags",
    "pfDeepCSVJetTags_probb",
    "pfDeepCSVJetTags_probbb",
    "pfDeepCSVJetTags_probc",
    "pfDeepCSVJetTags_probcc",
    "pfDeepCSVJetTags_probudsg",
    "pfJetBProbabilityBJetTags",
    "pfJetProbabilityBJetTags",
    "softPFElectronBJetTags",
    "softPFMuonBJetTags",
]
LABEL = [
    *_names("label", "H_bb H_cc H_qqqq QCD_b QCD_bb QCD_c QCD_cc QCD_others Top_bc Top_bcq Top_bq Top_bqq"),
    *_names("label", "W_cq W_qq Z_bb Z_cc Z_qq"),
    "sample_isQCD",
    *_names("fj", "label labelJMAR labelLegacy isH isQCD isTop isW isZ isBB isNonBB nbHadrons ncHadrons"),
]
SUBJETS = [
    f"fj_sdsj{k}_{name}"
    for k in (1, 2)
    for name in ["pt", "eta", "phi", "mass", "csv", "ptD", "axis1", "axis2", "mult"]
]
FAT_JET = [
    *_names("fj", "pt eta phi mass sdmass n_sdsubjets tau1 tau2 tau3 tau21 tau32 ptDR relptdiff sdn2 doubleb"),
    *_names("fj", "gen_pt gen_eta"),
    *SUBJETS,
]
DOUBLE_B = _names(  # the 27 inputs of CMS's double-b tagger
    "fj",
    "jetNTracks nSV tau0_trackEtaRel_0 tau0_trackEtaRel_1 tau0_trackEtaRel_2 tau1_trackEtaRel_0 tau1_trackEtaRel_1"
    " tau1_trackEtaRel_2 tau_flightDistance2dSig_0 tau_flightDistance2dSig_1 tau_vertexDeltaR_0"
    " tau_vertexEnergyRatio_0 tau_vertexEnergyRatio_1 tau_vertexMass_0 tau_vertexMass_1 trackSip2dSigAboveBottom_0"
    " trackSip2dSigAboveBottom_1 trackSip2dSigAboveCharm_0 trackSipdSig_0 trackSipdSig_0_0 trackSipdSig_0_1"
    " trackSipdSig_1 trackSipdSig_1_0 trackSipdSig_1_1 trackSipdSig_2 trackSipdSig_3 z_ratio",
)
COUNTERS = ["n_pfcands", "npfcands", "n_tracks", "ntracks", "n_sv", "nsv"]
PFCAND = _names(
    "pfcand",
    "VTX_ass charge deltaR drminsv drsubjet1 drsubjet2 dxy dxysig dz dzsig erel etarel fromPV hcalFrac isChargedHad"
    " isEl isGamma isMu isNeutralHad lostInnerHits mass phirel ptrel puppiw",
)
TRACK = _names(
    "track",
    "VTX_ass charge deltaR detadeta dlambdadz dphidphi dphidxy dptdpt drminsv drsubjet1 drsubjet2 dxy dxydxy dxydz"
    " dxysig dz dzdz dzsig erel etarel fromPV isChargedHad isEl isMu lostInnerHits mass normchi2 phirel pt ptrel puppiw"
    " quality",
)
TRACK_BTAG = _names(
    "trackBTag",
    "DeltaR Eta EtaRel JetDistVal Momentum PPar PParRatio PtRatio PtRel Sip2dSig Sip2dVal Sip3dSig Sip3dVal",
)
SV = _names(
    "sv",
    "chi2 costhetasvpv d3d d3derr d3dsig deltaR dxy dxyerr dxysig erel etarel mass ndf normchi2 ntracks phirel pt"
    " ptrel",
)
FLAT = [*EVENT, *LABEL, *FAT_JET, *DOUBLE_B, *COUNTERS]
JAGGED = [*PFCAND, *TRACK, *TRACK_BTAG, *SV]
UNSIGNED = {"event_no", "jet_no"}
INTEGERS = {
    *(name for name in EVENT if name.startswith("is")),
    *(name for name in LABEL),
    *("n_pfcands", "n_tracks", "n_sv"),
}

# ---- inputs of the networks ----

TRACK_FEATURES = [  # (30), in the order of the code
    *_names(
        "track", "ptrel erel phirel etarel deltaR drminsv drsubjet1 drsubjet2 dz dzsig dxy dxysig normchi2 quality"
    ),
    *_names("track", "dptdpt detadeta dphidphi dxydxy dzdz dxydz dphidxy dlambdadz"),
    *_names("trackBTag", "EtaRel PtRatio PParRatio Sip2dVal Sip2dSig Sip3dVal Sip3dSig JetDistVal"),
]
VERTEX_FEATURES = _names(  # (14)
    "sv", "ptrel erel phirel etarel deltaR pt mass ntracks normchi2 dxy dxysig d3d d3dsig costhetasvpv"
)
PARTICLE_FEATURES = _names(  # (10), of the all-particle variant
    "pfcand", "ptrel erel phirel etarel deltaR puppiw drminsv drsubjet1 drsubjet2 hcalFrac"
)
SPECTATORS = [
    *_names("fj", "pt eta sdmass n_sdsubjets doubleb tau21 tau32"),
    *("npv", "npfcands", "ntracks", "nsv"),
]
LABELS = [
    "fj_isH",
    "fj_isQCD",
    "sample_isQCD",
]  # in both formats; the HDF5 files have no label_* branches
