package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TraceMaskTest {
    private final TraceMask mask =
            new TraceMask(List.of("hunter2hunter2", "short", "with\"quote\\5"));

    @Test
    void headerIsMaskedByItsName() {
        for (String name :
                List.of(
                        "authorization",
                        "x-api-key",
                        "Cookie",
                        "set-cookie",
                        "x-auth-token",
                        "X-Key")) assertEquals(List.of("***"), header(name, "anything"));
    }

    @Test
    void otherHeaderIsMaskedByWhatIsInIt() {
        assertEquals(List.of("a,b"), header("anthropic-beta", "a,b"));
        assertEquals(List.of("5"), header("anthropic-ratelimit-tokens-remaining", "5"));
        assertEquals(List.of("is ***"), header("x-note", "is hunter2hunter2"));
        assertEquals(List.of("Bearer ***"), header("x-note", "Bearer abc"));
    }

    @Test
    void secretOfTheServerIsMaskedWhereverItStands() {
        assertEquals("{\"a\":\"x***y short\"}", mask.json("{\"a\":\"xhunter2hunter2y short\"}"));
        assertEquals("{\"a\":\"***\"}", mask.json("{\"a\":\"with\\\"quote\\\\5\"}"));
    }

    @Test
    void secretOfTheClientIsMaskedWhereverItStands() {
        var own =
                mask.of(
                        Map.of(
                                "authorization",
                                List.of("Bearer my-own-key-1"),
                                "x-a",
                                List.of("not-a-secret")));
        assertEquals("*** not-a-secret ***", own.json("my-own-key-1 not-a-secret hunter2hunter2"));
    }

    @Test
    void wordThatStandsForAKeyStaysAWord() {
        for (String word : List.of("anything", "not-needed", "seven-7"))
            assertEquals(word, new TraceMask(List.of(word)).json(word));
        for (String key : List.of("a-key-of-twenty-char", "eight--8"))
            assertEquals("***", new TraceMask(List.of(key)).json(key));
    }

    @Test
    void secretsOfAQueryAreMasked() {
        assertEquals("beta=true&api_key=***&x=$1", mask.query("beta=true&api_key=abc&x=$1"));
        assertEquals("access_token=***", mask.query("access_token="));
        assertEquals("a&b=&q=***", mask.query("a&b=&q=hunter2hunter2"));
    }

    private List<String> header(String name, String value) {
        return mask.headers(Map.of(name, List.of(value))).values().iterator().next();
    }
}
