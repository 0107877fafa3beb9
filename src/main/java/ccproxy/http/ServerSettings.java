package ccproxy.http;

import java.time.Duration;
import java.util.Objects;

/// What this floor needs to know. An empty string means "not set".
///
/// @param version ours, shown on the page
/// @param host the address to listen on
/// @param port 0 for any free one
/// @param authToken what a client must send; empty lets everyone in
/// @param bodyBytesMax the largest request body
/// @param ping the silence after which a waiting client hears from us
/// @param strict whether a field that cannot be honoured is an error
/// @param reasoning how thinking reaches Chat Completions clients: `field`, `tags` or `hide`
public record ServerSettings(
        String version,
        String host,
        int port,
        String authToken,
        long bodyBytesMax,
        Duration ping,
        boolean strict,
        String reasoning) {
    /// Checks that every part is there.
    public ServerSettings {
        Objects.requireNonNull(version);
        Objects.requireNonNull(host);
        Objects.requireNonNull(authToken);
        Objects.requireNonNull(ping);
        Objects.requireNonNull(reasoning);
    }
}
