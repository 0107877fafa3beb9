package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonDifferenceTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    {"a":1}           | {"a":2}       | $.a: expected 1, found 2
                    {"a":1}           | {}            | $.a: expected 1, found nothing
                    {}                | {"a":null}    | $.a: expected nothing, found null
                    {"a":[1,{"b":2}]} | {"a":[1,{}]}  | $.a[1].b: expected 2, found nothing
                    [1]               | [1,2]         | $[1]: expected nothing, found 2
                    {"a":"1"}         | {"a":1}       | $.a: expected "1", found 1
                    {"a":{}}          | {"a":[]}      | $.a: expected {}, found []
                    {"a":"x"}         | {"a":"y"}     | $.a: expected "x", found "y"
                    """)
    void placeIsNamed(String expected, String found, String line) {
        assertEquals(List.of(line), of(expected, found));
    }

    @Test
    void orderOfMembersIsNoDifference() {
        assertEquals(List.of(), of("{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}"));
    }

    @Test
    void longTextsAreShownWhereTheyDiffer() {
        String same = "x".repeat(5000);
        String line = of(quoted(same + "ONE"), quoted(same + "TWO")).getFirst();
        assertTrue(line.startsWith("$: from character 4970 on, expected \"xxx"), line);
        assertTrue(line.contains("xONE\"") && line.endsWith("xTWO\""), line);
        assertTrue(line.length() < 200, line);
    }

    @Test
    void longValueIsCut() {
        String line = of("1", quoted("y".repeat(1000))).getFirst();
        assertTrue(line.endsWith("yyy… (1002 characters)"), line);
    }

    @Test
    void tenPlacesAreEnough() {
        String ten = "[0,1,2,3,4,5,6,7,8,9]";
        assertEquals(10, of(ten, "[]").size());
        assertEquals(10, of(ten.replace("]", ",10]"), "[]").size());
    }

    @Test
    void ignoredPathIsNotLookedAt() {
        var lines =
                JsonDifference.of(
                        Json.tree("{\"a\":{\"b\":1},\"c\":1}"),
                        Json.tree("{\"a\":{\"b\":2},\"c\":2}"),
                        Set.of("$.a"));
        assertEquals(List.of("$.c: expected 1, found 2"), lines);
    }

    private static List<String> of(String expected, String found) {
        return JsonDifference.of(Json.tree(expected), Json.tree(found), Set.of());
    }

    private static String quoted(String text) {
        return '"' + text + '"';
    }
}
