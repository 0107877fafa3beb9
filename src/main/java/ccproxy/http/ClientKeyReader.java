package ccproxy.http;

import ccproxy.claude.ModelPattern;
import ccproxy.observe.Secrets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Reads client keys as people write them: `name=token,name=sha256:hex`, or in a file an object
/// `{"name": "token"}`, where instead of a token may stand `{"token"|"sha256",
/// "requests_per_minute", "tokens_per_day", "models", "backends"}`. Errors name the key and never
/// show its token.
public final class ClientKeyReader {
    /// As many as this server can answer, and more.
    static final int REQUESTS_PER_MINUTE_MAX = 100_000;

    static final long TOKENS_PER_DAY_MAX = 1_000_000_000_000L;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Pattern TOKEN = Pattern.compile("[!-~]{1,4096}");
    private static final Pattern DIGEST = Pattern.compile("[0-9a-fA-F]{64}");
    private static final String HASHED = "sha256:";
    private static final Set<String> BACKENDS = Set.of("sdk", "api", "echo");
    private static final Set<String> FIELDS =
            Set.of(
                    "token",
                    "sha256",
                    "requests_per_minute",
                    "tokens_per_day",
                    "models",
                    "backends");

    private final String name;
    private final Map<?, ?> fields;

    private ClientKeyReader(String name, Map<?, ?> fields) {
        this.name = name;
        this.fields = fields;
    }

    /// {@return the keys of `name=token,name=sha256:hex`}
    ///
    /// @throws IllegalArgumentException says what was expected and at which key
    public static ClientKeys parse(String text) {
        var keys = new ArrayList<ClientKey>();
        for (String entry : text.split(",", -1)) {
            if (entry.isBlank()) continue;
            int equals = entry.indexOf('=');
            // What stands there may be a token whose name was forgotten.
            if (equals < 0) throw wrong("expected NAME=TOKEN, found an entry without =");
            String token = entry.substring(equals + 1).strip();
            keys.add(key(entry.substring(0, equals).strip(), token));
        }
        return ClientKeys.of(keys);
    }

    /// {@return the keys of an object in a file}
    ///
    /// @throws IllegalArgumentException says what was expected and at which key
    public static ClientKeys of(Map<?, ?> object) {
        var keys = new ArrayList<ClientKey>();
        object.forEach((name, value) -> keys.add(key(name.toString(), value)));
        return ClientKeys.of(keys);
    }

    /// {@return the tokens that are written out, for who must keep them out of what it writes}
    ///
    /// @param written that was read without an error
    public static List<String> tokens(Object written) {
        var values = new ArrayList<Object>();
        if (written instanceof Map<?, ?> map) {
            for (Object value : map.values())
                values.add(value instanceof Map<?, ?> fields ? fields.get("token") : value);
        } else {
            for (String entry : written.toString().split(","))
                values.add(entry.substring(entry.indexOf('=') + 1).strip());
        }
        return values.stream()
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .filter(token -> !token.isEmpty() && !token.startsWith(HASHED))
                .toList();
    }

    private static ClientKey key(String name, Object value) {
        if (!NAME.matcher(name).matches()) {
            throw wrong("expected names of 1 to 64 of A-Z a-z 0-9 . _ -, found another");
        }
        if (name.equals(ClientKey.DEFAULT)) {
            throw wrong("expected a name other than 'default', which is that of auth_token");
        }
        return switch (value) {
            case String text when text.startsWith(HASHED) ->
                    new ClientKeyReader(name, Map.of("sha256", text.substring(HASHED.length())))
                            .key();
            case String text -> new ClientKeyReader(name, Map.of("token", text)).key();
            case Map<?, ?> fields -> new ClientKeyReader(name, fields).key();
            default -> throw wrong("at '" + name + "' expected a token or an object");
        };
    }

    private ClientKey key() {
        for (Object field : fields.keySet()) {
            if (FIELDS.contains(field)) continue;
            String known = String.join(", ", new TreeSet<>(FIELDS));
            throw wrong(at("") + "expected only " + known + ", found '" + masked(field) + "'");
        }
        var models = new ArrayList<ModelPattern>();
        for (String pattern : list("models")) models.add(pattern(pattern));
        List<String> backends = list("backends");
        for (String backend : backends) {
            if (!BACKENDS.contains(backend)) {
                throw wrong(
                        at("backends")
                                + "expected sdk, api or echo, found '"
                                + masked(backend)
                                + "'");
            }
        }
        return new ClientKey(
                name,
                digest(),
                (int) number("requests_per_minute", REQUESTS_PER_MINUTE_MAX),
                number("tokens_per_day", TOKENS_PER_DAY_MAX),
                models,
                Set.copyOf(backends));
    }

    private ModelPattern pattern(String pattern) {
        try {
            return ModelPattern.of(pattern);
        } catch (IllegalArgumentException e) {
            throw wrong(at("models") + e.getMessage());
        }
    }

    private String digest() {
        if (fields.containsKey("token") == fields.containsKey("sha256")) {
            throw wrong(at("") + "expected either token or sha256");
        }
        if (fields.containsKey("token")) {
            String token =
                    text("token", TOKEN, "1 to 4096 visible ASCII characters without spaces");
            return ClientKeys.digest(token);
        }
        String hex = text("sha256", DIGEST, "64 hex digits, the SHA-256 digest of a token");
        return hex.toLowerCase(Locale.ROOT);
    }

    private String text(String field, Pattern form, String expected) {
        if (fields.get(field) instanceof String text && form.matcher(text).matches()) return text;
        throw wrong(at(field) + "expected " + expected);
    }

    private long number(String field, long max) {
        Object value = fields.get(field);
        if (value == null) return 0;
        boolean isWhole = value instanceof Integer || value instanceof Long;
        long number = isWhole ? ((Number) value).longValue() : 0;
        if (number >= 1 && number <= max) return number;
        throw wrong(
                at(field)
                        + "expected a whole number from 1 to "
                        + max
                        + ", found "
                        + masked(value));
    }

    private List<String> list(String field) {
        Object value = fields.get(field);
        if (value == null) return List.of();
        if (value instanceof String text) return List.of(text);
        if (value instanceof List<?> list && !list.isEmpty()) {
            return list.stream().map(Object::toString).toList();
        }
        throw wrong(at(field) + "expected a list with at least one in it");
    }

    private String at(String field) {
        return "at '" + name + (field.isEmpty() ? "" : "." + field) + "' ";
    }

    private static String masked(Object value) {
        return Secrets.mask(value.toString());
    }

    private static IllegalArgumentException wrong(String message) {
        return new IllegalArgumentException(message);
    }
}
