package ccproxy.command;

import ccproxy.observe.Secrets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/// What someone wrote for a key, and where.
///
/// @param written a `String`, or from a file also a `Boolean`, a `Number`, a `Map` or a `List`
/// @param source `default`, `file PATH`, `credential KEY`, `env NAME` or `flag --name`
record Setting(Object written, String source) {
    /// An error is one line: a longer value is cut.
    private static final int SHOWN_LENGTH_MAX = 100;

    Setting {
        Objects.requireNonNull(written);
        Objects.requireNonNull(source);
    }

    /// {@return the value for people: a secret only hinted at, an empty one as `-`}
    String shown(boolean isSecret) {
        String text = text();
        if (text.isEmpty()) return "-";
        return isSecret ? Secrets.hint(text) : Secrets.mask(text);
    }

    /// {@return value and source, as they stand in an error}
    String found(boolean isSecret) {
        String text = written.equals("") ? "" : shown(isSecret);
        boolean isLong = text.length() > SHOWN_LENGTH_MAX;
        String start = isLong ? text.substring(0, SHOWN_LENGTH_MAX) + "…" : text;
        return "found '" + start + "' (" + source + ")";
    }

    private String text() {
        if (written instanceof List<?> list)
            return list.stream().map(Object::toString).collect(Collectors.joining(","));
        return written instanceof Map<?, ?> map ? joined(map) : written.toString();
    }

    private static String joined(Map<?, ?> map) {
        return map.entrySet().stream()
                .map(rule -> rule.getKey() + "=" + part(rule.getValue()))
                .collect(Collectors.joining(","));
    }

    private static String part(Object value) {
        if (!(value instanceof Map<?, ?> parts)) return value.toString();
        return parts.entrySet().stream()
                .map(part -> part.getKey() + ":" + part.getValue())
                .collect(Collectors.joining("/"));
    }
}
