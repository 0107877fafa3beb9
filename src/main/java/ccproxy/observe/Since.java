package ccproxy.observe;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A time in the past as people write it: `30m`, `24h`, `7d` ago, or a day (UTC).
public final class Since {
    private static final Pattern AGO = Pattern.compile("([0-9]{1,5})([mhd])");
    private static final Pattern DAY = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");

    private Since() {}

    /// {@return the time that `text` means}
    ///
    /// @throws IllegalArgumentException says what was expected
    public static Instant of(String text, Instant now) {
        try {
            if (DAY.matcher(text).matches())
                return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
            Matcher ago = AGO.matcher(text);
            if (ago.matches()) return now.minus(span(Long.parseLong(ago.group(1)), ago.group(2)));
        } catch (DateTimeException _) {
            // A day that no calendar has.
        }
        throw new IllegalArgumentException(
                "expected a time such as 30m, 24h or 7d, or a day such as 2026-11-01, found '"
                        + text
                        + "'");
    }

    private static Duration span(long count, String unit) {
        return switch (unit) {
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
        };
    }
}
