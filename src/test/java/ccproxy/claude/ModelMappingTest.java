package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelMappingTest {
    @ParameterizedTest
    @CsvSource({
        "exact, e",
        "exactly, p",
        "ex, ex",
        "o3, r",
        "xo3, xo3",
        "middle-42-end, d",
        "a.c, l",
        "abc, abc",
        "'', ''"
    })
    void firstRuleThatMatchesWins(String name, String model) {
        var mapping =
                ModelMapping.parse("exact=e, exact*=p ,/^o[0-9]/=r,/-\\d+-/=d,a.c=l,exact=never");
        assertEquals(model, mapping.resolve(name));
    }

    @Test
    void patternMayHoldAnEqualsSign() {
        assertEquals("m", ModelMapping.parse("/a=b/=m").resolve("xa=by"));
    }

    @Test
    void rulesKeepTheirOrder() {
        var patterns = new LinkedHashMap<String, String>();
        patterns.put("gpt-4*", "four");
        patterns.put("gpt-*", "other");
        ModelMapping mapping = ModelMapping.of(patterns);
        assertEquals("four", mapping.resolve("gpt-4o"));
        assertEquals("other", mapping.resolve("gpt-5"));
        assertEquals("x", ModelMapping.NONE.resolve("x"));
        assertEquals("x", ModelMapping.parse("").resolve("x"));
    }

    @ParameterizedTest
    @CsvSource({
        "a, 'expected PATTERN=MODEL, found ''a'''",
        "=b, 'expected PATTERN=MODEL, found ''=b'''",
        "a=, 'expected a pattern and a model, found an empty one'",
        "/(/=b, 'expected a regular expression, found ''/(/'''"
    })
    void wrongRuleSaysWhatIsWrong(String rules, String message) {
        var e = assertThrows(IllegalArgumentException.class, () -> ModelMapping.parse(rules));
        assertEquals(message, e.getMessage());
    }

    @Test
    void rulesAreNotTooMany() {
        Map<String, String> patterns = new LinkedHashMap<>();
        for (int i = 0; i < 1000; i++) patterns.put("p" + i, "m");
        assertEquals("m", ModelMapping.of(patterns).resolve("p999"));
        patterns.put("p1000", "m");
        assertThrows(IllegalArgumentException.class, () -> ModelMapping.of(patterns));
    }
}
