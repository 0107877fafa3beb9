package ccproxy.command;

import ccproxy.http.ClientKeyReader;
import ccproxy.http.ClientKeys;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// The keys that say who may ask and how, and how their values are written; part of [Keys].
final class AccessKeys {
    /// Each is compared with every request.
    private static final int NAMES_MAX = 100;

    static final Key<String> AUTH_TOKEN =
            Key.secret("auth_token", "", "what every client must send; none = everyone may ask");
    static final Key<ClientKeys> AUTH_TOKENS =
            Key.hidden(
                    "auth_tokens",
                    authTokens(),
                    "more tokens, one a client: alice=TOKEN,bob=sha256:HEX; in the file with limits");
    static final Key<Boolean> ALLOW_UNAUTHENTICATED =
            Key.of(
                    "allow_unauthenticated",
                    ValueType.TRUTH,
                    "false",
                    "listen beyond this machine without auth_token");
    static final Key<String> TLS_KEYSTORE =
            Key.of(
                    "tls.keystore",
                    ValueType.path("the path of a PKCS #12 file"),
                    "",
                    "a PKCS #12 file with certificate and key: https instead of http; a renewed file is taken up by itself");
    static final Key<String> TLS_KEYSTORE_PASSWORD =
            Key.secret("tls.keystore_password", "", "of that file; none = an empty one");
    static final Key<Set<String>> HOSTS =
            Key.of(
                    "hosts",
                    hosts(),
                    "",
                    "other names by which a server on this machine may be asked, as behind a reverse proxy: a list, * = any");
    static final Key<Set<String>> CORS_ORIGINS =
            Key.of(
                    "cors.origins",
                    origins(),
                    "",
                    "web pages that may ask: a list of origins (http://localhost:3000), * = any");

    private AccessKeys() {}

    /// Client keys by name: `alice=TOKEN,bob=sha256:HEX`, in a file also an object.
    private static ValueType<ClientKeys> authTokens() {
        return new ValueType<>(
                "NAME=TOKEN or NAME=sha256:HEX, with commas between them",
                written -> {
                    try {
                        return written instanceof Map<?, ?> map
                                ? ClientKeyReader.of(map)
                                : ClientKeyReader.parse(written.toString());
                    } catch (IllegalArgumentException e) {
                        throw new ValueType.WrongPartException(e);
                    }
                });
    }

    /// Names of hosts, without ports; `*` for any.
    private static ValueType<Set<String>> hosts() {
        return names(
                "\\*|[A-Za-z0-9]([A-Za-z0-9._-]{0,252})|\\[[0-9A-Fa-f:.]+]",
                "names of hosts without ports, such as ai.example.com, or *");
    }

    /// Origins of web pages, as a browser sends them; `*` for any.
    private static ValueType<Set<String>> origins() {
        return names(
                "\\*|[A-Za-z][A-Za-z0-9+.-]*://[^/\\s,?#]*",
                "origins without a path, such as http://localhost:3000, or *");
    }

    private static ValueType<Set<String>> names(String regex, String expected) {
        Pattern form = Pattern.compile(regex);
        return new ValueType<>(
                expected + ", at most " + NAMES_MAX,
                written -> {
                    List<?> parts =
                            written instanceof List<?> list
                                    ? list
                                    : List.of(written.toString().split(",", -1));
                    var names = new LinkedHashSet<String>();
                    for (Object part : parts) {
                        String name = part.toString().strip().toLowerCase(Locale.ROOT);
                        if (!name.isEmpty()) names.add(matched(form, name));
                    }
                    if (names.size() > NAMES_MAX) throw new IllegalArgumentException();
                    return Collections.unmodifiableSet(names);
                });
    }

    private static String matched(Pattern form, String name) {
        if (form.matcher(name).matches()) return name;
        throw new IllegalArgumentException();
    }
}
