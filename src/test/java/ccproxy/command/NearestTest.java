package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
    @ParameterizedTest
    @CsvSource({
        "port,port,0",
        "prot,port,1",
        "por,port,1",
        "ports,port,1",
        "part,port,1",
        "'',a,1"
    })
    void distanceCountsEdits(String a, String b, int edits) {
        assertEquals(edits, Nearest.distance(a, b));
        assertEquals(edits, Nearest.distance(b, a));
    }

    @ParameterizedTest
    @CsvSource({
        "prot,port",
        "PORT,port",
        "auth-token,auth_token",
        "api_key,api.key",
        "max-body-size,max_body",
        "loglevel,log.level"
    })
    void typoFindsItsKey(String typo, String key) {
        assertEquals(key, Nearest.to(typo, Config.keys().stream().map(Key::name).toList()));
    }

    @Test
    void firstOfEqualsWins() {
        assertEquals("ab", Nearest.to("a", List.of("ab", "ac")));
    }
}
