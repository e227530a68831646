"""A call's arguments as compiled code has them: words in memory, an array's numbers, shape and strides.

A named tuple is passed on as the address of its words, and a member is read where a stage asks for it.  numba
passes a tuple on member by member, an array as seven numbers or more; the plan, the books and the tallies
together are six hundred, at every call of every stage.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from llvmlite import ir
from numba import core
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, lower_getattr_generic, models, register_model
from numba.np.arrayobj import make_array, populate_array

types: Any = core.types  # whose annotations know less than its classes have
WORD = ir.IntType(64)
POINTER = WORD.as_pointer()


class Held(types.Type):  # type: ignore[misc]
    """A named tuple among the words."""

    def __init__(self, kind: Any) -> None:
        self.members = {name: held(member) for name, member in zip(kind.fields, kind.types, strict=True)}
        self.words = words_of(self.members.values())
        told = repr(list(self.members.items()))
        super().__init__(f"{kind.instance_class.__name__}.{sha256(told.encode()).hexdigest()[:8]}")


def held(kind: Any) -> Any:
    """The type of an argument as stages have it, from that which numba gives its value."""
    if isinstance(kind, types.BaseNamedTuple):
        return Held(kind)
    if isinstance(kind, types.BaseTuple):
        return types.BaseTuple.from_types([held(member) for member in kind.types])
    return kind


def words_of(kinds: Any) -> int:
    """Number of words that values of these types are."""
    number = 0
    for kind in kinds:
        if isinstance(kind, Held):
            number += kind.words
        elif isinstance(kind, types.BaseTuple):
            number += words_of(kind.types)
        elif isinstance(kind, types.Array):
            number += 1 + 2 * kind.ndim
        elif not isinstance(kind, types.NoneType):
            number += 1
    return number


@register_model(Held)
class HeldModel(models.PrimitiveModel):  # type: ignore[misc]
    """In compiled code: the address of its first word."""

    def __init__(self, manager: Any, kind: Held) -> None:
        super().__init__(manager, kind, POINTER)


@infer_getattr
class Members(AttributeTemplate):  # type: ignore[misc]
    """The types of its members."""

    key = Held

    def generic_resolve(self, value: Any, attr: str) -> Any:  # type: ignore[override]
        return value.members.get(attr)


@lower_getattr_generic(Held)
def member(context: Any, builder: Any, kind: Held, value: Any, name: str) -> Any:
    """Code that reads a member."""
    before = list(kind.members).index(name)
    words = Words(context, builder, value)
    words.at = words_of([*kind.members.values()][:before])
    return words.read(kind.members[name])


class Words:
    """Code that reads or writes one word after the other."""

    def __init__(self, context: Any, builder: Any, place: Any) -> None:
        self.context, self.builder, self.place, self.at = context, builder, place, 0

    def next(self, kind: Any = WORD) -> Any:
        """Where the next word is, as a number of that type of LLVM's."""
        place = self.builder.gep(self.place, [ir.Constant(ir.IntType(32), self.at)])
        self.at += 1
        return self.builder.bitcast(place, kind.as_pointer())

    def load(self, kind: Any = WORD) -> Any:
        """The next word."""
        return self.builder.load(self.next(kind))

    def load_at(self, at: int, kind: Any = WORD) -> Any:
        """The word with that number."""
        self.at = at
        return self.load(kind)

    def read(self, kind: Any) -> Any:
        """A value of that numba type."""
        context, builder = self.context, self.builder
        if isinstance(kind, types.Array):
            return self._array(kind)
        if isinstance(kind, Held):
            place = self.next()
            self.at += kind.words - 1
            return place
        if isinstance(kind, types.BaseTuple):
            return context.make_tuple(builder, kind, [self.read(member) for member in kind])
        if isinstance(kind, types.NoneType):
            return context.get_dummy_value()
        if isinstance(kind, types.Record):
            return self.load(context.get_value_type(kind))
        return context.data_model_manager[kind].from_data(builder, self.load(context.get_data_type(kind)))

    def _array(self, kind: Any) -> Any:
        array = make_array(kind)(self.context, self.builder)
        populate_array(
            array,
            data=self.load(array.data.type),
            shape=[self.load() for _ in range(kind.ndim)],
            strides=[self.load() for _ in range(kind.ndim)],
            itemsize=self.context.get_abi_sizeof(self.context.get_data_type(kind.dtype)),
            meminfo=None,
        )
        return array._getvalue()

    def write(self, kind: Any, value: Any) -> None:
        """A number of that numba type."""
        self.store(self.context.data_model_manager[kind].as_data(self.builder, value))

    def store(self, number: Any) -> None:
        """The next word."""
        self.builder.store(number, self.next(number.type))
