package ccproxy.observe;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/// Names for requests and answers: no two alike, and no secret that would need a better random.
public final class Ids {
    private Ids() {}

    /// {@return `prefix` and 32 hexadecimal digits}
    public static String next(String prefix) {
        var random = ThreadLocalRandom.current();
        HexFormat hex = HexFormat.of();
        return prefix + hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
    }
}
