package ccproxy.claude;

import ccproxy.wire.Digests;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// What of a client's request line and headers goes upstream with its body.
///
/// @param query the raw query, `""` for none
/// @param forwarded headers that pass as they came, by lower-case name (`anthropic-version`,
///   `anthropic-beta`, other `anthropic-*`)
/// @param credentials `x-api-key` and `authorization` as they would go upstream when the server has
///   none of its own
/// @param owner the name of the server's key that the client has shown, whose sessions are its own;
///   `""` for who runs the server, and where there are no keys by name
public record ClientHeaders(
        String query,
        Map<String, List<String>> forwarded,
        Map<String, String> credentials,
        String owner) {
    /// How the tokens of a login begin, which are no API keys.
    public static final String OAUTH_TOKEN = "sk-ant-oat";

    /// The beta that such a token needs, and that a key must not have.
    public static final String OAUTH_BETA = "oauth-2025-04-20";

    private static final Pattern DATE = Pattern.compile("-[0-9]{4}-[0-9]{2}-[0-9]{2}$");

    /// Nothing.
    public static final ClientHeaders NONE = new ClientHeaders("", Map.of(), Map.of());

    /// Headers of a client without a key by name.
    public ClientHeaders(
            String query, Map<String, List<String>> forwarded, Map<String, String> credentials) {
        this(query, forwarded, credentials, "");
    }

    /// {@return these, as another's}
    public ClientHeaders ownedBy(String owner) {
        return new ClientHeaders(query, forwarded, credentials, owner);
    }

    /// {@return the `anthropic-version`, or `other` when the client sent none}
    public String version(String other) {
        List<String> values = forwarded.getOrDefault("anthropic-version", List.of());
        return values.isEmpty() || values.getFirst().isBlank() ? other : values.getFirst().strip();
    }

    /// {@return the betas that `anthropic-beta` lines name, each once and in order}
    public static TreeSet<String> betas(List<String> lines) {
        var betas = new TreeSet<String>();
        for (String line : lines) {
            for (String beta : line.split(",", -1)) if (!beta.isBlank()) betas.add(beta.strip());
        }
        return betas;
    }

    /// {@return a beta's name without the date that its shape is of}
    public static String undated(String beta) {
        return DATE.matcher(beta).replaceFirst("");
    }

    /// {@return a value that tells one client's credentials from another's and does not show them}
    String fingerprint() {
        String all =
                credentials.getOrDefault("x-api-key", "")
                        + "\n"
                        + credentials.getOrDefault("authorization", "");
        return Digests.sha256(all);
    }
}
