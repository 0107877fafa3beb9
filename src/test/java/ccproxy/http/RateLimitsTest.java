package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateLimitsTest {
    private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

    @Test
    void limitsKeepTheirNumbersUnderTheOtherName() {
        var upstream =
                Map.of(
                        "anthropic-ratelimit-requests-limit", List.of("50"),
                        "anthropic-ratelimit-tokens-remaining", List.of("79000"),
                        "anthropic-ratelimit-input-tokens-limit", List.of("1"));
        assertEquals(
                Map.of(
                        "x-ratelimit-limit-requests", List.of("50"),
                        "x-ratelimit-remaining-tokens", List.of("79000")),
                RateLimits.toChat(upstream, NOW));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-22T12:00:00Z, 0s",
        "2026-11-22T12:00:59Z, 59s",
        "2026-11-22T12:01:00Z, 1m0s",
        "2026-11-22T12:06:01Z, 6m1s",
        "2026-11-22T11:00:00Z, 0s"
    })
    void timeOfResetBecomesADuration(String time, String duration) {
        var upstream = Map.of("anthropic-ratelimit-tokens-reset", List.of(time));
        assertEquals(
                Map.of("x-ratelimit-reset-tokens", List.of(duration)),
                RateLimits.toChat(upstream, NOW));
    }

    @Test
    void timeThatIsNoneIsLeftOut() {
        var upstream = Map.of("anthropic-ratelimit-tokens-reset", List.of("soon"));
        assertEquals(Map.of(), RateLimits.toChat(upstream, NOW));
    }
}
