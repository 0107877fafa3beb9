package ccproxy.claude;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Arrays;

/// Passes the bytes of a connection on to another port of this machine, and back: a proxy, or a bad
/// line.
final class Relay {
    /// What becomes of the bytes that go back.
    interface Way {
        /// @param bytes as they came
        void pass(RawUpstream.Connection back, byte[] bytes) throws Exception;
    }

    private Relay() {}

    /// Passes all bytes on, until either side ends.
    static void to(int port, RawUpstream.Connection connection, Way way) throws Exception {
        try (var target = new Socket(InetAddress.getLoopbackAddress(), port)) {
            target.setTcpNoDelay(true);
            Thread.ofVirtual().start(() -> pass(connection.in(), target));
            InputStream in = target.getInputStream();
            byte[] bytes = new byte[64 << 10];
            for (int n = in.read(bytes); n >= 0; n = in.read(bytes))
                way.pass(connection, Arrays.copyOf(bytes, n));
        }
    }

    private static void pass(InputStream in, Socket target) {
        try (target) {
            OutputStream out = target.getOutputStream();
            in.transferTo(out);
        } catch (IOException _) {
            // One of them closed.
        }
    }
}
