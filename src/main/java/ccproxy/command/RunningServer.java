package ccproxy.command;

import ccproxy.claude.OwnServer;
import ccproxy.http.Keystore;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.List;

/// A server of ours that may be running where the configuration says.
final class RunningServer {
    private final Config config;

    RunningServer(Config config) {
        this.config = config;
    }

    /// {@return it}
    ///
    /// @throws CommandException when its certificate cannot be read
    OwnServer found() {
        return new OwnServer(address(), config.get(AccessKeys.AUTH_TOKEN), certificates());
    }

    private List<X509Certificate> certificates() {
        Keystore keystore = config.keystore();
        try {
            return keystore.isThere() ? List.of(keystore.certificate()) : List.of();
        } catch (Keystore.UnusableException e) {
            throw new CommandException(ExitCode.FAILED, e.getMessage());
        }
    }

    /// {@return where it would be}
    URI address() {
        String host = config.host();
        // An address that means "all of them" is listened on, not connected to.
        if (host.equals("0.0.0.0") || host.equals("::")) host = "127.0.0.1";
        return URI.create(config.url(host, config.get(Keys.PORT)));
    }

    /// {@return whether its `/health` answers}: something else may have the port.
    boolean isThere() {
        return config.get(Keys.PORT) != 0 && found().isThere();
    }
}
