"""The part of the pickle machine that numpy arrays need, on stand-ins: it imports nothing and calls nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Stack = list[Any]

_RECONSTRUCT = frozenset({"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"})
_FROM_BUFFER = frozenset({"numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer"})
_DTYPE, _ENCODE = "numpy dtype", "_codecs encode"
_ADMITTED = _RECONSTRUCT | _FROM_BUFFER | {"numpy ndarray", _DTYPE, _ENCODE}

_PUSHED = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
}
_IGNORED = frozenset({"PROTO", "FRAME", "STOP"})
_KEPT = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_FETCHED = frozenset({"GET", "BINGET", "LONG_BINGET"})
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclass(frozen=True, slots=True)
class _Name:
    """A name that the pickle would import; it stays a name."""

    text: str


@dataclass(slots=True)
class _DtypeToBe:
    code: str
    order: str = "<"


@dataclass(slots=True)
class ArrayToBe:
    """An array as a pickle tells of it: nothing has been believed yet but the types of its parts."""

    shape: tuple[int, ...] = ()
    code: str = ""
    order: str = "<"
    is_fortran: bool = False
    #: text stands for its characters in Latin-1
    raw: str | bytes | bytearray = b""


class _Mark:
    """Where on the stack the items of a tuple or dictionary begin."""


class Machine:
    """Stack and memo. `step` carries out one operation; ValueError says why one is not."""

    def __init__(self) -> None:
        self._stack: Stack = []
        self._memo: dict[int, Any] = {}

    def result(self) -> dict[str, ArrayToBe]:
        """The dictionary that is left when the pickle has ended."""
        top = self._stack[-1] if len(self._stack) == 1 else None
        if not isinstance(top, dict) or not all(isinstance(value, ArrayToBe) for value in top.values()):
            raise ValueError("it is no dictionary of arrays")
        return top

    def step(self, name: str, argument: Any) -> None:
        """Carry out one operation."""
        stack = self._stack
        if name in _PUSHED:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name]())
        elif name in _KEPT:
            self._memo[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif name in _FETCHED:
            stack.append(self._memo[int(argument)])
        elif name in _TUPLES:
            stack.append(tuple(_popped(stack, _TUPLES[name])))
        elif name in _OPERATIONS:
            _OPERATIONS[name](stack, argument)
        elif name not in _IGNORED:
            raise ValueError(f"it asks for {name}, which arrays never need")


def _mark(stack: Stack, _argument: Any) -> None:
    stack.append(_Mark())


def _tuple(stack: Stack, _argument: Any) -> None:
    stack.append(tuple(_since_mark(stack)))


def _dict(stack: Stack, _argument: Any) -> None:
    items = _since_mark(stack)
    stack.append({})
    _set(stack, items)


def _set_item(stack: Stack, _argument: Any) -> None:
    _set(stack, _popped(stack, 2))


def _set_items(stack: Stack, _argument: Any) -> None:
    _set(stack, _since_mark(stack))


def _set(stack: Stack, items: Stack) -> None:
    target = stack[-1]
    if not isinstance(target, dict) or len(items) % 2 or not all(isinstance(key, str) for key in items[::2]):
        raise ValueError("it holds something else than named arrays")
    target.update(zip(items[::2], items[1::2], strict=True))


def _global(stack: Stack, argument: Any) -> None:
    stack.append(_admitted(str(argument)))


def _stack_global(stack: Stack, _argument: Any) -> None:
    module, name = _popped(stack, 2)
    stack.append(_admitted(f"{module} {name}"))


def _admitted(text: str) -> _Name:
    if text not in _ADMITTED:
        raise ValueError(f"it asks for {text.replace(' ', '.')[:80]!r}, and only arrays are admitted")
    return _Name(text)


def _reduce(stack: Stack, _argument: Any) -> None:
    called, arguments = _popped(stack, 2)
    if not isinstance(called, _Name) or not isinstance(arguments, tuple):
        raise ValueError("it calls something that is no name")
    stack.append(_made(called.text, arguments))


def _made(name: str, arguments: tuple[Any, ...]) -> Any:
    if name in _RECONSTRUCT:
        return ArrayToBe()
    if name in _FROM_BUFFER and len(arguments) == 4:
        raw, dtype, shape, order = arguments
        return _filled(ArrayToBe(), (1, shape, dtype, order == "F", raw))
    if name == _DTYPE and arguments and isinstance(arguments[0], str):
        return _DtypeToBe(arguments[0])
    if name == _ENCODE and arguments and isinstance(arguments[0], str):
        return arguments[0]  # Latin-1 in all that numpy writes; turned into bytes when the array is made
    raise ValueError(f"it calls {name.replace(' ', '.')} as numpy never does")


def _build(stack: Stack, _argument: Any) -> None:
    target, state = _popped(stack, 2)
    if isinstance(target, _DtypeToBe) and isinstance(state, tuple) and len(state) > 1 and isinstance(state[1], str):
        target.order = state[1]
    elif isinstance(target, ArrayToBe):
        _filled(target, state)
    else:
        raise ValueError("it gives a state to something that is no array")
    stack.append(target)


def _filled(array: ArrayToBe, state: Any) -> ArrayToBe:
    if not isinstance(state, tuple) or len(state) != 5:
        raise ValueError("an array of it has no state")
    _version, shape, dtype, is_fortran, raw = state
    is_shape = isinstance(shape, tuple) and all(isinstance(n, int) and n >= 0 for n in shape)
    if not is_shape or not isinstance(dtype, _DtypeToBe) or not isinstance(raw, str | bytes | bytearray):
        raise ValueError("an array of it lacks shape, type or content")
    array.shape, array.code, array.order = shape, dtype.code, dtype.order
    array.is_fortran, array.raw = bool(is_fortran), raw
    return array


def _popped(stack: Stack, n: int) -> Stack:
    """The last n things, in the order in which they were pushed."""
    if len(stack) < n or any(isinstance(item, _Mark) for item in stack[-n:]):
        raise ValueError("its stack runs empty")
    items = stack[-n:]
    del stack[-n:]
    return items


def _since_mark(stack: Stack) -> Stack:
    for place in range(len(stack) - 1, -1, -1):
        if isinstance(stack[place], _Mark):
            items = stack[place + 1 :]
            del stack[place:]
            return items
    raise ValueError("its stack runs empty")


_OPERATIONS: dict[str, Callable[[Stack, Any], None]] = {
    "MARK": _mark,
    "TUPLE": _tuple,
    "DICT": _dict,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "BUILD": _build,
}
