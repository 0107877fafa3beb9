package ccproxy.observe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Keeps secrets out of a trace: headers and parameters by their name, tokens by their look, and
/// the very secrets that the server and this client use, wherever they stand. The rest of a body is
/// what a trace is for. Immutable.
final class TraceMask {
    /// `anthropic-ratelimit-tokens-remaining` is no secret: the name ends with what it is.
    private static final Pattern SECRET_NAME =
            Pattern.compile(
                    "(?i)(?:.*[-_.])?(?:authorization|auth|(?:api|access)?key|token|secret|password|credentials?|cookie|signature|sig)2?");

    /// The value of a parameter of such a name; the name as it is written in a query.
    private static final Pattern PARAMETER = Pattern.compile("(?<![^&])([^&=]++)=([^&]*+)");

    /// Clients without a key send a word instead, which must stay where it is one: by its value
    /// only a text is masked that is no word, or no short one.
    private static final Pattern SECRET = Pattern.compile(".{20,}|(?=.*[0-9]).{8,}");

    private final List<String> secrets;

    /// @param secrets that are masked wherever they stand
    TraceMask(List<String> secrets) {
        this.secrets = secrets.stream().filter(s -> SECRET.matcher(s).matches()).toList();
    }

    /// {@return this, for a client that sends these headers}
    TraceMask of(Map<String, List<String>> headers) {
        var all = new ArrayList<>(secrets);
        headers.forEach((name, values) -> {
            if (!isSecret(name)) return;
            for (String value : values)
                all.add(value.replaceFirst("^(?i)(?:bearer|basic)\\s+", ""));
        });
        return new TraceMask(all);
    }

    private static boolean isSecret(String name) {
        return SECRET_NAME.matcher(name).matches();
    }

    /// {@return headers, by lower-case name}
    Map<String, List<String>> headers(Map<String, List<String>> headers) {
        var masked = new LinkedHashMap<String, List<String>>();
        headers.forEach((name, values) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            masked.put(
                    lower,
                    isSecret(lower)
                            ? List.of(Secrets.MASK)
                            : values.stream().map(v -> json(Secrets.mask(v))).toList());
        });
        return masked;
    }

    /// {@return a raw query}
    String query(String query) {
        String masked =
                PARAMETER
                        .matcher(query)
                        .replaceAll(found ->
                                isSecret(found.group(1))
                                        ? "$1=" + Secrets.MASK
                                        : Matcher.quoteReplacement(found.group()));
        return json(masked);
    }

    /// {@return JSON, or other text, that stays what it is}
    String json(String text) {
        String masked = Secrets.maskTokens(text);
        for (String secret : secrets) {
            masked = masked.replace(secret, Secrets.MASK);
            String escaped = secret.replace("\\", "\\\\").replace("\"", "\\\"");
            if (!escaped.equals(secret)) masked = masked.replace(escaped, Secrets.MASK);
        }
        return masked;
    }
}
