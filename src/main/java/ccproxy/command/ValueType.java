package ccproxy.command;

import ccproxy.claude.ModelMapping;
import ccproxy.claude.Prices;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
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
/// @param choices everything that may be written, if that is a list
/// @param isPath whether it is the name of a file or folder
record ValueType<T>(
        String expected, Function<Object, T> reader, List<String> choices, boolean isPath) {
    /// Checked first: the JDK would also take a sign, and digits of other scripts.
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

    private static final Pattern TRUTHS = Pattern.compile("true|false");
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})(KB|MB|GB)");

    /// A switch: its flag alone means true.
    static final ValueType<Boolean> TRUTH =
            new ValueType<>(
                    "true or false",
                    written -> matched(TRUTHS, written.toString()).group().equals("true"),
                    List.of("true", "false"),
                    false);

    /// A key or token; may be empty. What an HTTP header can carry, and no spaces: the line end
    /// that was copied with it would be part of it.
    static final ValueType<String> TOKEN =
            matching("[!-~]{0,4096}", "visible ASCII characters without spaces, at most 4096");

    ValueType {
        Objects.requireNonNull(expected);
        Objects.requireNonNull(reader);
        choices = List.copyOf(choices);
    }

    ValueType(String expected, Function<Object, T> reader) {
        this(expected, reader, List.of(), false);
    }

    /// {@return the value of `written`}
    ///
    /// @throws IllegalArgumentException says what was expected
    T read(Object written) {
        try {
            return reader.apply(written);
        } catch (WrongPartException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("expected " + expected, e);
        }
    }

    /// Text of a certain form.
    static ValueType<String> matching(String regex, String expected) {
        Pattern form = Pattern.compile(regex);
        return new ValueType<>(expected, written -> matched(form, written).group());
    }

    /// The name of a file or folder; may be empty.
    static ValueType<String> path(String expected) {
        var text = matching("\\P{Cntrl}{0,4096}", expected);
        return new ValueType<>(expected, text.reader, List.of(), true);
    }

    /// A folder that is there; may be empty.
    static ValueType<String> folder() {
        var path = path("the path of a folder that is there");
        Function<Object, String> reader =
                written -> {
                    String name = path.read(written);
                    if (name.isEmpty() || Files.isDirectory(Path.of(name))) return name;
                    throw new IllegalArgumentException();
                };
        return new ValueType<>(path.expected, reader, List.of(), true);
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
                },
                known,
                false);
    }

    /// `500ms`, `5s`, `2m`, `1h`: from 1 ms to `max`.
    static ValueType<Duration> duration(String max) {
        return duration(Duration.ofMillis(1), "1ms", max);
    }

    /// The same, and `0s`.
    static ValueType<Duration> durationOrNone(String max) {
        return duration(Duration.ZERO, "0s", max);
    }

    private static ValueType<Duration> duration(Duration least, String min, String max) {
        Duration most = duration((Object) max);
        return new ValueType<>(
                "a duration such as 500ms, 5s, 2m or 1h, from " + min + " to " + max,
                written -> {
                    Duration value = duration(written);
                    boolean isWithin = value.compareTo(least) >= 0 && value.compareTo(most) <= 0;
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

    /// Says itself what was expected, and where in the value.
    static final class WrongPartException extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        WrongPartException(IllegalArgumentException why) {
            super(why.getMessage(), why);
        }
    }

    /// Prices: `model=part:usd/part:usd,…`, in a file also an object of objects.
    static ValueType<Prices> prices() {
        return new ValueType<>(
                "prices such as claude-x=input:3/output:15/cache_read:0.3/cache_5m:3.75/cache_1h:6",
                written ->
                        written instanceof Map<?, ?> map
                                ? Prices.of(numbers(map))
                                : Prices.parse(text(written)));
    }

    private static Map<String, Map<String, Number>> numbers(Map<?, ?> map) {
        var table = new LinkedHashMap<String, Map<String, Number>>();
        map.forEach((model, row) -> {
            if (!(row instanceof Map<?, ?> parts)) throw new IllegalArgumentException();
            var numbers = new LinkedHashMap<String, Number>();
            parts.forEach((part, price) -> numbers.put(text(part), (Number) price));
            table.put(text(model), numbers);
        });
        return table;
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
