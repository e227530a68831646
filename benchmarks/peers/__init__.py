"""Who computes W: each peer a module with ``run`` (timed) and ``final`` (for parity)."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from benchmarks.peers import cpp_peer


@dataclass(frozen=True)
class Peer:
    """A peer: its module under ``benchmarks.peers``, its package, and how its draws come about."""

    name: str
    module: str
    package: str | None = None
    addressed: bool = False
    """Draws by fundsim's addresses; else it has a generator of its own and takes given normals."""
    threaded: bool = False
    """Shares paths among as many threads as it is told."""

    def load(self) -> Any:
        """Its module."""
        return importlib.import_module(f"benchmarks.peers.{self.module}")


FUNDSIM = Peer("fundsim", "fundsim_peer", addressed=True, threaded=True)
CPP = Peer("C++", "cpp_peer", addressed=True, threaded=True)
PEERS = (
    FUNDSIM,
    CPP,
    Peer("PyTorch", "torch_peer", package="torch"),
    Peer("JAX", "jax_peer", package="jax"),
    Peer("NumPy", "numpy_peer"),
    Peer("naive numba", "loop_peer"),
)


@cache
def find_peers() -> tuple[tuple[Peer, ...], dict[str, str]]:
    """Peers that can run here, and for each other one the reason why not."""
    present, missing = [], {}
    for peer in PEERS:
        try:
            if peer.package is not None:
                importlib.import_module(peer.package)
            if peer is CPP:
                cpp_peer.library()
        except (ImportError, RuntimeError, OSError) as error:
            missing[peer.name] = str(error).splitlines()[0]
        else:
            present.append(peer)
    return tuple(present), missing
