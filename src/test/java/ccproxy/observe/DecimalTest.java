package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Numbers and times as lines have them.
class DecimalTest {
    @ParameterizedTest
    @CsvSource({
        "0, 3, 0.0",
        "1, 3, 0.001",
        "999, 3, 0.999",
        "1000, 3, 1.0",
        "12500, 3, 12.5",
        "12050, 3, 12.05",
        "255000, 9, 0.000255",
        "1000000001, 9, 1.000000001",
        "15, 1, 1.5",
        "9223372036854775807, 9, 9223372036.854775807",
    })
    void partsAreADecimal(long parts, int digits, String written) {
        var out = new StringBuilder("=");
        Decimal.append(out, parts, digits);
        assertEquals("=" + written, out.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "2026-01-01T00:00:00Z, 2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.0019Z, 2026-01-01T00:00:00.001Z",
        "2026-01-01T00:00:00.12Z, 2026-01-01T00:00:00.120Z",
        "2026-12-31T23:59:59.999999999Z, 2026-12-31T23:59:59.999Z",
        "1969-12-31T23:59:59.5Z, 1969-12-31T23:59:59.500Z",
    })
    void timesHaveThousandths(String time, String written) {
        var out = new StringBuilder();
        // Twice, since the second is kept; and another one between, which takes its place.
        for (String at : new String[] {time, time, "2000-01-01T00:00:00Z", time}) {
            out.setLength(0);
            UtcTime.append(out, Instant.parse(at));
        }
        assertEquals(written, out.toString());
    }
}
