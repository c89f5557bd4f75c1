"""A trained policy: its network as plain arrays, followed with numpy alone.

The network is the one PPO of stable-baselines3 trains by default, a perceptron with tanh between its layers for the
actions and another one for the value of a state. A file is one .npz of numbers and names, without pickled objects, so
opening one runs nothing. It names what it observes; a file that was trained on other features is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from company.errors import UsageError
from company.trading.features import Floats
from company.trading.rl.observations import ACTIONS, NAMES, Observation, observe, wished
from company.trading.signals import Account, Signal, State

FORMAT: Final = "company policy 1"
MOST_LAYERS: Final = 8


@dataclass(frozen=True, slots=True)
class Network:
    """Layers of a perceptron; tanh stands between them.

    Attributes:
        layers: Weights of shape (outputs, inputs) and biases of shape (outputs,), the first layer first.
    """

    layers: tuple[tuple[Floats, Floats], ...]

    def __call__(self, inputs: NDArray[Any]) -> Floats:
        """Return the last layer's values, shape (rows, outputs), for inputs of shape (rows, inputs)."""
        values: Floats = np.asarray(inputs, dtype=np.float64)
        for number, (weights, biases) in enumerate(self.layers):
            values = values @ weights.T + biases
            if number < len(self.layers) - 1:
                values = np.tanh(values)
        return values

    @property
    def shape(self) -> tuple[int, int]:
        """Inputs and outputs."""
        return self.layers[0][0].shape[1], self.layers[-1][0].shape[0]

    @property
    def is_sound(self) -> bool:
        """True when its layers fit together and every number is finite."""
        if not self.layers or any(weights.ndim != 2 for weights, _ in self.layers):
            return False
        inputs = [weights.shape[1] for weights, _ in self.layers][1:]
        outputs = [weights.shape[0] for weights, _ in self.layers]
        return (
            inputs == outputs[:-1]
            and all(biases.shape == (weights.shape[0],) for weights, biases in self.layers)
            and all(np.isfinite(part).all() for layer in self.layers for part in layer)
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """What training came to.

    Attributes:
        actor: From observations to one preference for each action.
        critic: From observations to the value of the state.
        full: A full position, as a fraction of the equity.
    """

    actor: Network
    critic: Network
    full: float

    def act(self, observation: Observation) -> int:
        """Return the action it prefers, 0 to `ACTIONS` - 1."""
        return int(self.actor(observation[np.newaxis])[0].argmax())

    def acts(self, observations: NDArray[Any]) -> NDArray[np.intp]:
        """Return the action it prefers in each row."""
        actions: NDArray[np.intp] = np.argmax(self.actor(observations), axis=1)
        return actions

    def values(self, observations: NDArray[Any]) -> Floats:
        """Return what it takes each row to be worth, in rewards to come, discounted."""
        return self.critic(observations)[:, 0]

    def save(self, path: Path) -> None:
        """Write it to a file."""
        arrays: dict[str, Any] = {"format": FORMAT, "observes": list(NAMES), "actions": ACTIONS, "full": self.full}
        for name, network in (("actor", self.actor), ("critic", self.critic)):
            for number, (weights, biases) in enumerate(network.layers):
                arrays[f"{name}_{number}_weights"] = weights.astype(np.float32)
                arrays[f"{name}_{number}_biases"] = biases.astype(np.float32)
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read one from a file.

        Raises:
            UsageError: There is no such file, it is no policy, or it was trained on other observations.
        """
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except FileNotFoundError:
            raise UsageError("there is no such file", where=str(path), cure="give a file that `save` wrote") from None
        except (OSError, ValueError, TypeError, EOFError, BadZipFile) as error:
            raise _no_policy(path, "it is not a whole .npz of numbers") from error
        try:
            return cls._read(arrays, path)
        except (KeyError, TypeError, ValueError) as error:
            raise _no_policy(path, f"what it should hold is missing or not a number: {error}") from error

    @classmethod
    def _read(cls, arrays: Mapping[str, NDArray[Any]], path: Path) -> Self:
        if str(arrays["format"]) != FORMAT:
            raise _no_policy(path, f"its format is {str(arrays['format'])!r}")
        observes, actions = tuple(map(str, arrays["observes"])), int(arrays["actions"])
        if observes != NAMES or actions != ACTIONS:
            other = next((name for name in observes if name not in NAMES), None) or f"{len(observes)} values"
            raise UsageError(
                f"it observes {other} and has {actions} actions; this version has {len(NAMES)} values and {ACTIONS}",
                where=str(path),
                cure="train it again with this version",
            )
        found = cls(_network(arrays, "actor"), _network(arrays, "critic"), float(arrays["full"]))
        sound = all(network.is_sound for network in (found.actor, found.critic)) and 0 < found.full <= 1
        if not sound or found.actor.shape != (len(NAMES), ACTIONS) or found.critic.shape != (len(NAMES), 1):
            raise _no_policy(path, "its layers do not fit together, or hold numbers that are not finite")
        return found


class Trained:
    """A strategy that follows a policy; it looks at the account that it trades for.

    Args:
        policy: The policy.
    """

    name = "policy"

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._account: Account | None = None

    def follow(self, account: Account, /) -> None:
        """Take the account that is traded for."""
        self._account = account

    def __call__(self, state: State, /) -> Signal | None:
        """Return what leads to the position that the policy asks for; None while the regime is not known yet.

        Raises:
            RuntimeError: Nobody said for which account it trades.
        """
        if self._account is None:
            raise RuntimeError("a policy looks at its own account: call follow() first")
        if state["bull"] != state["bull"]:
            return None
        owned, full = self._account.at(state), self._policy.full
        return wished(state, owned, full, self._policy.act(observe(state, owned, full)))


def _network(arrays: Mapping[str, NDArray[Any]], name: str) -> Network:
    numbers = [number for number in range(MOST_LAYERS) if f"{name}_{number}_weights" in arrays]
    return Network(
        tuple(
            (
                np.asarray(arrays[f"{name}_{number}_weights"], dtype=np.float64),
                np.asarray(arrays[f"{name}_{number}_biases"], dtype=np.float64),
            )
            for number in numbers
        )
    )


def _no_policy(path: Path, why: str) -> UsageError:
    return UsageError(f"this is no policy: {why}", where=str(path), cure="give a file that `Policy.save` wrote")
