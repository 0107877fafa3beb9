package ccproxy.command;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;

/// Where this server listens, to tell whether an address leads back to it.
///
/// @param host as configured
/// @param port that it listens on
record OwnAddress(String host, int port) {
    static OwnAddress of(Config config, int port) {
        return new OwnAddress(config.host(), port);
    }

    /// {@return whether `address` leads here}
    boolean is(URI address) {
        return address.getPort() == port && isThisMachine(address.getHost());
    }

    private boolean isThisMachine(String other) {
        if (other == null) return false;
        if (other.equals(host)) return true;
        boolean isLiteral = other.startsWith("[") || other.matches("[0-9.]+");
        // No look-up of a real name: a slow resolver must not hold up the start.
        if (!isLiteral && !other.equals("localhost")) return false;
        try {
            return InetAddress.getByName(other).isLoopbackAddress();
        } catch (UnknownHostException _) {
            return false;
        }
    }
}
