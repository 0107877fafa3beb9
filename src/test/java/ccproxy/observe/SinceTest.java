package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SinceTest {
    private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "30m, 2026-11-25T11:30:00Z",
        "24h, 2026-11-24T12:00:00Z",
        "7d, 2026-11-18T12:00:00Z",
        "0d, 2026-11-25T12:00:00Z",
        "2026-11-01, 2026-11-01T00:00:00Z"
    })
    void timesAreRead(String text, Instant expected) {
        assertEquals(expected, Since.of(text, NOW));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "7", "d", "7w", "-1d", "999999d", "2026-02-30", "2026-1-1", "٣d"})
    void othersAreRefused(String text) {
        var e = assertThrows(IllegalArgumentException.class, () -> Since.of(text, NOW));
        assertTrue(e.getMessage().endsWith("found '" + text + "'"), e.getMessage());
    }
}
