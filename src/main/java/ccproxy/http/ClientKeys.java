package ccproxy.http;

import ccproxy.wire.Digests;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The keys of this server, found by their token in the same time however many there are.
/// Immutable.
///
/// A token is found by its SHA-256 digest in a hash table. What that comparison takes may depend on
/// the digests, but nobody can use it: to come closer to a stored digest byte by byte, one would
/// have to choose the digest of what one sends, and that is what SHA-256 does not allow. Tokens of
/// `ccproxy token` have 256 random bits, so that their digests need no salt.
public final class ClientKeys {
    /// No keys: everyone may ask.
    public static final ClientKeys NONE = new ClientKeys(Map.of());

    /// More is an accident, or a job for an identity service.
    static final int KEYS_MAX = 1000;

    private final Map<String, ClientKey> byDigest;

    private ClientKeys(Map<String, ClientKey> byDigest) {
        this.byDigest = byDigest;
    }

    /// {@return these keys}
    ///
    /// @throws IllegalArgumentException when there are too many, or two with a name or a token
    public static ClientKeys of(List<ClientKey> keys) {
        if (keys.size() > KEYS_MAX) {
            throw new IllegalArgumentException(
                    "expected at most " + KEYS_MAX + " keys, found " + keys.size());
        }
        var byDigest = new LinkedHashMap<String, ClientKey>();
        var names = new HashSet<String>();
        for (ClientKey key : keys) {
            if (!names.add(key.name())) {
                throw new IllegalArgumentException(
                        "expected each name once, found '" + key.name() + "' twice");
            }
            ClientKey other = byDigest.putIfAbsent(key.sha256(), key);
            if (other == null) continue;
            throw new IllegalArgumentException(
                    "expected each token once, found '%s' and '%s' with the same"
                            .formatted(other.name(), key.name()));
        }
        return new ClientKeys(byDigest);
    }

    /// {@return these keys behind the one that may do everything}
    ///
    /// @param token its token, or `""` for none
    /// @throws IllegalArgumentException when another key has this token
    public ClientKeys withDefault(String token) {
        if (token.isEmpty()) return this;
        var keys = new ArrayList<ClientKey>();
        keys.add(new ClientKey(ClientKey.DEFAULT, digest(token)));
        keys.addAll(byDigest.values());
        return of(keys);
    }

    /// {@return the key with this token, else [ClientKey#NONE]}
    ClientKey find(String token) {
        if (token.isEmpty()) return ClientKey.NONE;
        return byDigest.getOrDefault(digest(token), ClientKey.NONE);
    }

    /// {@return whether there are none}
    public boolean isEmpty() {
        return byDigest.isEmpty();
    }

    /// {@return whether one of them has so many tokens a day}
    boolean hasDailyLimits() {
        return byDigest.values().stream().anyMatch(key -> key.tokensPerDay() > 0);
    }

    /// {@return their names, in the order of the configuration}
    public List<String> names() {
        return byDigest.values().stream().map(ClientKey::name).toList();
    }

    /// {@return the SHA-256 digest of a token, in lower-case hex}
    public static String digest(String token) {
        return Digests.sha256(token);
    }

    /// By the keys and their order.
    @Override
    public boolean equals(Object other) {
        return other instanceof ClientKeys keys
                && List.copyOf(keys.byDigest.values()).equals(List.copyOf(byDigest.values()));
    }

    @Override
    public int hashCode() {
        return byDigest.hashCode();
    }
}
