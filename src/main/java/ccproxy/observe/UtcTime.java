package ccproxy.observe;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/// A time as all lines have it: `2026-01-01T00:00:00.000Z`. A busy server writes thousands of lines
/// within a second: the date is formatted once for them.
final class UtcTime {
    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss").withZone(ZoneOffset.UTC);

    private record Second(long epoch, String text) {}

    private static volatile Second last = new Second(Long.MIN_VALUE, "");

    private UtcTime() {}

    /// Appends a time, its thousandths cut off.
    static void append(StringBuilder out, Instant at) {
        Second second = last;
        if (second.epoch != at.getEpochSecond()) {
            second = new Second(at.getEpochSecond(), SECOND.format(at));
            last = second;
        }
        int millis = at.getNano() / 1_000_000;
        out.append(second.text).append('.');
        out.append((char) ('0' + millis / 100));
        out.append((char) ('0' + millis / 10 % 10));
        out.append((char) ('0' + millis % 10)).append('Z');
    }
}
