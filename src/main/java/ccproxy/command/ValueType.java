package ccproxy.command;

import ccproxy.claude.ModelMapping;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How a value is written. A flag or a variable gives a `String`; a file may also give the type's
/// own JSON: `true`, `9000`, an object.
///
/// @param expected what to write, as it stands after "expected"
/// @param reader the value of what is written; throws [IllegalArgumentException] if it is none
record ValueType<T>(String expected, Function<Object, T> reader) {
    /// Checked first: the JDK would also take a sign, and digits of other scripts.
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})(KB|MB|GB)");

    /// A switch: its flag alone means true.
    static final ValueType<Boolean> TRUTH =
            new ValueType<>(
                    "true or false",
                    written ->
                            switch (written.toString()) {
                                case "true" -> true;
                                case "false" -> false;
                                default -> throw new IllegalArgumentException();
                            });

    /// A key or token; may be empty. What an HTTP header can carry, and no spaces: the line end
    /// that was copied with it would be part of it.
    static final ValueType<String> TOKEN =
            matching("[!-~]{0,4096}", "visible ASCII characters without spaces, at most 4096");

    ValueType {
        Objects.requireNonNull(expected);
        Objects.requireNonNull(reader);
    }

    /// {@return the value of `written`}
    ///
    /// @throws IllegalArgumentException says what was expected
    T read(Object written) {
        try {
            return reader.apply(written);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("expected " + expected, e);
        }
    }

    /// Text of a certain form.
    static ValueType<String> matching(String regex, String expected) {
        Pattern form = Pattern.compile(regex);
        return new ValueType<>(expected, written -> matched(form, written).group());
    }

    /// A whole number from `min` to `max`.
    static ValueType<Integer> number(int min, int max) {
        return new ValueType<>(
                "a whole number from " + min + " to " + max,
                written -> {
                    String digits = written instanceof Number ? written.toString() : text(written);
                    int value = Integer.parseInt(matched(NUMBER, digits).group());
                    if (value < min || value > max) throw new IllegalArgumentException();
                    return value;
                });
    }

    /// One of `names`.
    static ValueType<String> choice(String... names) {
        var known = List.of(names);
        String all = String.join(", ", known.subList(0, known.size() - 1));
        return new ValueType<>(
                all + " or " + known.getLast(),
                written -> {
                    if (!known.contains(text(written))) throw new IllegalArgumentException();
                    return text(written);
                });
    }

    /// `500ms`, `5s`, `2m`, `1h`: from 1 ms to `max`.
    static ValueType<Duration> duration(String max) {
        Duration most = duration((Object) max);
        return new ValueType<>(
                "a duration such as 500ms, 5s, 2m or 1h, from 1ms to " + max,
                written -> {
                    Duration value = duration(written);
                    boolean isWithin = value.isPositive() && value.compareTo(most) <= 0;
                    if (!isWithin) throw new IllegalArgumentException();
                    return value;
                });
    }

    /// `512KB`, `32MB`, `1GB`, in bytes, from 1 KB to 1 GB: a body is held in memory, in an array.
    static ValueType<Long> size() {
        return new ValueType<>(
                "a size such as 512KB, 32MB or 1GB (1KB = 1024 bytes), from 1KB to 1GB",
                written -> {
                    Matcher parts = matched(SIZE, written);
                    int shift = "KMG".indexOf(parts.group(2).charAt(0)) * 10 + 10;
                    long bytes = Long.parseLong(parts.group(1)) << shift;
                    if (bytes < 1L << 10 || bytes > 1L << 30) throw new IllegalArgumentException();
                    return bytes;
                });
    }

    /// Where an API is, with an optional path; `/` and `/v1` at its end are dropped, as every SDK
    /// has its own idea whether they belong there.
    static ValueType<URI> baseUrl() {
        return new ValueType<>(
                "an http or https URL without user, query and fragment",
                written -> {
                    try {
                        String bare = text(written).replaceFirst("/+$", "");
                        return checked(new URI(bare.replaceFirst("/+v1$", "")));
                    } catch (URISyntaxException e) {
                        throw new IllegalArgumentException(e);
                    }
                });
    }

    /// Ordered rules: `pattern=model,…`, in a file also an object.
    static ValueType<ModelMapping> models() {
        return new ValueType<>(
                "rules such as gpt-4o=sonnet,o1-*=opus,/^o[0-9]/=opus",
                written ->
                        written instanceof Map<?, ?> map
                                ? ModelMapping.of(strings(map))
                                : ModelMapping.parse(text(written)));
    }

    private static Map<String, String> strings(Map<?, ?> map) {
        var strings = new LinkedHashMap<String, String>();
        map.forEach((pattern, model) -> strings.put(text(pattern), text(model)));
        return strings;
    }

    private static URI checked(URI url) {
        boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
        boolean isBare =
                url.getRawUserInfo() == null
                        && url.getRawQuery() == null
                        && url.getRawFragment() == null;
        boolean hasPort = url.getPort() >= -1 && url.getPort() <= 65535 && url.getPort() != 0;
        if (!isHttp || !isBare || !hasPort || url.getHost() == null) {
            throw new IllegalArgumentException();
        }
        return url;
    }

    private static Duration duration(Object written) {
        Matcher parts = matched(DURATION, written);
        long count = Long.parseLong(parts.group(1));
        return switch (parts.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            default -> Duration.ofHours(count);
        };
    }

    private static Matcher matched(Pattern pattern, Object written) {
        Matcher parts = pattern.matcher(text(written));
        if (!parts.matches()) throw new IllegalArgumentException();
        return parts;
    }

    private static String text(Object written) {
        if (written instanceof String text) return text;
        throw new IllegalArgumentException();
    }
}
