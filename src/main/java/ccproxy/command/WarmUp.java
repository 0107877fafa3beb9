package ccproxy.command;

import ccproxy.claude.ModelCatalog;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// What is done once, when the first answer needs it: done on a thread of its own while the main
/// one reads the configuration and opens the server. Two processors start a sixth faster for it;
/// one alone does the same work in another order.
final class WarmUp {
    private WarmUp() {}

    /// Begins it; nobody waits for its end, and what was not done yet is done where it is needed.
    static void begin() {
        Thread.ofPlatform().daemon().name("warm-up").start(WarmUp::run);
    }

    private static void run() {
        // Every tree of JSON has it. Its class computes powers of five to the 65,536th: 14 ms.
        BigDecimal.ONE.signum();
        ModelCatalog.load();
        // As the JDK's server writes the Date header; the names in it are looked for for 12 ms.
        DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss zzz", Locale.US)
                .withZone(ZoneId.of("GMT"))
                .format(Instant.now());
    }
}
