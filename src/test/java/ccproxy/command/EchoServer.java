package ccproxy.command;

import ccproxy.claude.Backends;
import ccproxy.http.Server;
import ccproxy.observe.Log;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// A real server with the echo model on a free port, configured by flags.
final class EchoServer implements AutoCloseable {
    private final Log.Output logBefore =
            Log.configure(
                    Log.Level.ERROR,
                    Log.Format.JSON,
                    new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
    private final Backends backends;
    private final Server server;

    EchoServer(Run run, String... flags) throws IOException {
        String[] all = new String[flags.length + 4];
        System.arraycopy(
                new String[] {"serve", "--backend=echo", "--port=0", "--sdk-path=none"},
                0,
                all,
                0,
                4);
        System.arraycopy(flags, 0, all, 4, flags.length);
        Config config = run.config(all);
        backends = Backends.open(config.claude(run.surroundings()));
        server = new Server(config.server(), backends);
        server.start();
    }

    String port() {
        return Integer.toString(server.port());
    }

    @Override
    public void close() {
        server.stop(Duration.ZERO);
        backends.close();
        Log.configure(logBefore);
    }
}
