package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class FieldTest {
    private static final Field ROOT =
            Field.root(
                    (ObjectNode)
                            Json.tree(
                                    """
                                    {"text":"x","empty":"","one":1,"huge":1e400,"big":99999999999,
                                     "list":[{"deep":[true]}],"nothing":null,"half":0.5,"long":"%s"}
                                    """
                                            .formatted("y".repeat(80))));

    private static String problem(Function<Field, Field> place, Consumer<Field> read) {
        Field field = place.apply(ROOT);
        var e = assertThrows(ApiException.class, () -> read.accept(field));
        assertEquals(ErrorKind.INVALID_REQUEST, e.kind());
        return e.getMessage();
    }

    @Test
    void wrongTypesAreToldWithPathExpectationAndFinding() {
        assertEquals(
                "one: expected a string, found an integer",
                problem(f -> f.get("one"), Field::text));
        assertEquals(
                "list[0].deep[0]: expected a string, found a boolean",
                problem(
                        f -> f.get("list").elements().getFirst().get("deep").elements().getFirst(),
                        Field::text));
        assertEquals(
                "a.b: expected a string, found nothing",
                problem(f -> f.get("a").get("b"), Field::text));
        assertEquals(
                "empty: expected a non-empty string, found an empty one",
                problem(f -> f.get("empty"), Field::nonEmptyText));
        assertEquals(
                "text: expected true or false, found a string",
                problem(f -> f.get("text"), f -> f.flag(true)));
        assertEquals(
                "half: expected an integer, found a number",
                problem(f -> f.get("half"), f -> f.integer(0, 9)));
        assertEquals(
                "big: expected an integer from 0 to 9, found 99999999999",
                problem(f -> f.get("big"), f -> f.integer(0, 9)));
        assertEquals(
                "text: expected a number, found a string",
                problem(f -> f.get("text"), Field::number));
        assertEquals(
                "huge: expected a number of common size, found 1E+400",
                problem(f -> f.get("huge"), Field::number));
        assertEquals(
                "text: expected an object, found a string",
                problem(f -> f.get("text"), Field::object));
        assertEquals(
                "nothing: expected an array, found null",
                problem(f -> f.get("nothing"), Field::elements));
        assertEquals(
                "long: expected one of a, b, found \"" + "y".repeat(59) + "…",
                problem(
                        f -> f.get("long"),
                        f -> {
                            throw f.expectedOneOf("a, b");
                        }));
        assertEquals(
                "body: no",
                problem(
                        f -> f,
                        f -> {
                            throw f.invalid("no");
                        }));
    }

    @Test
    void nothingAndNullAreTheDefault() {
        for (String name : new String[] {"nothing", "absent"}) {
            assertEquals("x", ROOT.get(name).text("x"));
            assertEquals(true, ROOT.get(name).flag(true));
            assertEquals(false, ROOT.get(name).isPresent());
        }
        assertEquals(0.5, ROOT.get("half").number());
        assertEquals(1, ROOT.get("one").integer(1, 1));
    }
}
