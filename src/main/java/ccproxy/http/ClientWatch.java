package ccproxy.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringTokenizer;
import java.util.stream.Stream;

/// Tells of clients that left while they wait: no write fails for them, and the JDK's server does
/// not say. On Linux the kernel's table of sockets does (`/proc/net/tcp`, proc(5)): a peer that
/// closed leaves its socket in CLOSE_WAIT, a peer that reset takes it away. Elsewhere nobody is
/// ever gone. One look serves all who ask within [#AGE_NANOS_MIN].
final class ClientWatch {
    private static final long AGE_NANOS_MIN = 100_000_000;
    private static final long AGE_NANOS_MAX = 250_000_000;

    /// A table of thousands of sockets takes its time; looking takes no more than a twentieth of
    /// it, but a client that left is never noticed much later for it.
    private static final int REST_PER_LOOK = 20;

    private static final String ESTABLISHED = "01";
    private static final String CLOSE_WAIT = "08";

    private final List<Path> tables =
            Stream.of("/proc/self/net/tcp", "/proc/self/net/tcp6")
                    .map(Path::of)
                    .filter(Files::isReadable)
                    .toList();
    private final String port;
    private Look last = new Look(System.nanoTime(), 0, Map.of());

    /// Whether a connection was ever found in the table as we write it.
    private volatile boolean isReadable;

    /// @param port the server's: other sockets are none of ours
    ClientWatch(int port) {
        this.port = String.format(Locale.ROOT, ":%04X", port);
    }

    /// One waiting client.
    final class Watch {
        private final InetSocketAddress local;
        private final InetSocketAddress remote;

        /// As the table writes them; made when they are first looked for, which is a second late.
        private List<String> keys = List.of();

        private long missedNanos = System.nanoTime();
        private int missed;

        private Watch(InetSocketAddress local, InetSocketAddress remote) {
            this.local = local;
            this.remote = remote;
        }

        /// {@return whether the client has left}
        boolean isGone() {
            if (tables.isEmpty()) return false;
            if (keys.isEmpty()) {
                keys =
                        List.of(
                                hex(local, false) + " " + hex(remote, false),
                                hex(local, true) + " " + hex(remote, true));
            }
            Look look = look();
            for (String key : keys) {
                String state = look.states.getOrDefault(key, "");
                if (state.equals(CLOSE_WAIT)) return true;
                if (state.equals(ESTABLISHED)) {
                    isReadable = true;
                    missed = 0;
                    return false;
                }
            }
            // Not in the table: it was reset, unless the table is older than the connection or
            // is not written as we think. Twice, because a table that changes while it is read may
            // lack a line.
            if (look.nanos - missedNanos > 0) {
                missedNanos = look.nanos;
                missed++;
            }
            return isReadable && missed > 1;
        }
    }

    /// What the table said, and when.
    private record Look(long nanos, long costNanos, Map<String, String> states) {}

    /// {@return a watch over the connection between these two}
    Watch watch(InetSocketAddress local, InetSocketAddress remote) {
        return new Watch(local, remote);
    }

    private synchronized Look look() {
        long now = System.nanoTime();
        long age = Math.clamp(REST_PER_LOOK * last.costNanos, AGE_NANOS_MIN, AGE_NANOS_MAX);
        if (!last.states.isEmpty() && now - last.nanos < age) return last;
        var seen = new HashMap<String, String>();
        for (Path table : tables) {
            try (Stream<String> lines = Files.lines(table)) {
                lines.forEach(line -> read(line, seen));
            } catch (IOException | UncheckedIOException _) {
                // Unreadable for once: what was known stays.
                return last;
            }
        }
        last = new Look(now, System.nanoTime() - now, seen);
        return last;
    }

    /// ` sl local_address rem_address st …`, addresses as hex in the machine's byte order.
    private void read(String line, Map<String, String> seen) {
        var columns = new StringTokenizer(line);
        if (columns.countTokens() < 5) return;
        columns.nextToken();
        String local = columns.nextToken();
        if (local.endsWith(port)) seen.put(local + " " + columns.nextToken(), columns.nextToken());
    }

    /// An address as the table writes it; in the table of IPv6 sockets an IPv4 one is mapped.
    private static String hex(InetSocketAddress address, boolean isMapped) {
        InetAddress ip = address.getAddress();
        var hex = new StringBuilder();
        if (ip instanceof Inet4Address && isMapped)
            hex.append(words(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1}));
        hex.append(words(ip.getAddress()));
        return hex.append(String.format(Locale.ROOT, ":%04X", address.getPort())).toString();
    }

    private static String words(byte[] bytes) {
        ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        var hex = new StringBuilder();
        while (words.hasRemaining()) hex.append(String.format(Locale.ROOT, "%08X", words.getInt()));
        return hex.toString();
    }
}
