package ccproxy.http;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;

/// What this floor needs to know. An empty string means "not set".
///
/// @param version ours, shown on the page
/// @param listen where clients come in
/// @param access who may come in
/// @param limits how much may come in
/// @param ping the silence after which a waiting client hears from us
/// @param strict whether a field that cannot be honoured is an error
/// @param reasoning how thinking reaches Chat Completions clients: `field`, `tags` or `hide`
public record ServerSettings(
        String version,
        Listen listen,
        Access access,
        Limits limits,
        Duration ping,
        boolean strict,
        String reasoning) {
    /// Checks that every part is there.
    public ServerSettings {
        Objects.requireNonNull(version);
        Objects.requireNonNull(listen);
        Objects.requireNonNull(access);
        Objects.requireNonNull(limits);
        Objects.requireNonNull(ping);
        Objects.requireNonNull(reasoning);
    }

    /// The socket; it lasts as long as the server.
    ///
    /// @param host the address to listen on
    /// @param port 0 for any free one
    /// @param keystore the certificate of HTTPS, [Keystore#NONE] for HTTP
    public record Listen(String host, int port, Keystore keystore) {
        /// Checks that every part is there.
        public Listen {
            Objects.requireNonNull(keystore);
            Objects.requireNonNull(host);
        }
    }

    /// Who may ask.
    ///
    /// @param keys one of which a client must show; none lets everyone in
    /// @param hosts names by which the server may be asked beside its own, `*` for any
    /// @param origins of web pages that may ask, `*` for any
    public record Access(ClientKeys keys, Set<String> hosts, Set<String> origins) {
        /// Checks that every part is there.
        public Access {
            Objects.requireNonNull(keys);
            hosts = Set.copyOf(hosts);
            origins = Set.copyOf(origins);
        }
    }

    /// What is too much.
    ///
    /// @param bodyBytesMax the largest request body
    /// @param streamsMax answers at once
    public record Limits(long bodyBytesMax, int streamsMax) {}
}
