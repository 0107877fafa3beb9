package ccproxy.command;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/// A server of ours that may be running where the configuration says.
final class RunningServer {
    private static final int HEALTH_MILLIS_MAX = 1000;

    private final Config config;

    RunningServer(Config config) {
        this.config = config;
    }

    /// {@return where it would be}
    URI address() {
        String host = config.host();
        // An address that means "all of them" is listened on, not connected to.
        if (host.equals("0.0.0.0") || host.equals("::")) host = "127.0.0.1";
        return URI.create(
                "http://"
                        + (host.contains(":") ? "[" + host + "]" : host)
                        + ":"
                        + config.get(Keys.PORT));
    }

    /// {@return whether its `/health` answers}: something else may have the port.
    boolean isThere() {
        if (config.get(Keys.PORT) == 0) return false;
        try {
            var health =
                    (HttpURLConnection)
                            address().resolve("/health").toURL().openConnection(Proxy.NO_PROXY);
            health.setConnectTimeout(HEALTH_MILLIS_MAX);
            health.setReadTimeout(HEALTH_MILLIS_MAX);
            try (InputStream in = health.getInputStream()) {
                return new String(in.readNBytes(1000), StandardCharsets.UTF_8)
                        .contains("\"backend\"");
            }
        } catch (IOException _) {
            return false;
        }
    }
}
