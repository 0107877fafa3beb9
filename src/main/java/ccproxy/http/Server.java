package ccproxy.http;

import ccproxy.claude.Backends;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/// STUB, to be replaced: listens, and answers 404.
public final class Server implements AutoCloseable {
    private final ServerSettings settings;
    private final Backends backends;
    private HttpServer server;

    /// Of its settings.
    public Server(ServerSettings settings, Backends backends) {
        this.settings = settings;
        this.backends = backends;
    }

    /// Starts.
    public void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(settings.host(), settings.port()), 0);
        server.start();
    }

    /// {@return the port}
    public int port() {
        return server.getAddress().getPort();
    }

    /// Stops.
    public void stop(Duration grace) {
        if (server != null) server.stop(0);
    }

    @Override
    public void close() {
        stop(Duration.ZERO);
    }
}
