package ccproxy.http;

import ccproxy.claude.ModelPattern;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// A key of this server that a client shows: whose it is, and what its owner may do. The token
/// itself is not here, only its digest.
///
/// @param name for logs and counters
/// @param sha256 of the token, in lower-case hex
/// @param requestsPerMinute 0 for any number
/// @param tokensPerDay 0 for any number
/// @param models that may be asked; empty for all
/// @param backends that may answer; empty for all
public record ClientKey(
        String name,
        String sha256,
        int requestsPerMinute,
        long tokensPerDay,
        List<ModelPattern> models,
        Set<String> backends) {
    /// What a client has that shows no key, or a wrong one.
    static final ClientKey NONE = new ClientKey("", "");

    /// The name of `auth_token`: the key of who runs the server.
    public static final String DEFAULT = "default";

    /// Checks that every part is there.
    public ClientKey {
        Objects.requireNonNull(name);
        Objects.requireNonNull(sha256);
        models = List.copyOf(models);
        backends = Set.copyOf(backends);
    }

    /// A key that may do everything.
    ClientKey(String name, String sha256) {
        this(name, sha256, 0, 0, List.of(), Set.of());
    }

    /// {@return whether the client has shown one}
    boolean isKnown() {
        return !name.isEmpty();
    }

    /// {@return who owns the sessions of its requests, `""` for who runs the server}
    String owner() {
        return name.equals(DEFAULT) ? "" : name;
    }
}
