package ccproxy.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Anthropic's rate-limit headers as OpenAI's clients read them.
final class RateLimits {
    private static final String PREFIX = "anthropic-ratelimit-";

    private RateLimits() {}

    /// {@return `x-ratelimit-{limit|remaining|reset}-{requests|tokens}`; a reset is a duration
    /// (`6m0s`) there, a time here}
    static Map<String, List<String>> toChat(Map<String, List<String>> upstream, Instant now) {
        var made = new TreeMap<String, List<String>>();
        for (String unit : List.of("requests", "tokens")) {
            for (String what : List.of("limit", "remaining", "reset")) {
                List<String> values = upstream.getOrDefault(PREFIX + unit + "-" + what, List.of());
                if (values.isEmpty()) continue;
                String value =
                        what.equals("reset") ? until(values.getFirst(), now) : values.getFirst();
                if (!value.isEmpty()) made.put("x-ratelimit-" + what + "-" + unit, List.of(value));
            }
        }
        return made;
    }

    private static String until(String time, Instant now) {
        try {
            Duration left = Duration.between(now, Instant.parse(time));
            long seconds = Math.max(0, left.toSeconds());
            return seconds < 60 ? seconds + "s" : seconds / 60 + "m" + seconds % 60 + "s";
        } catch (DateTimeException _) {
            return "";
        }
    }
}
