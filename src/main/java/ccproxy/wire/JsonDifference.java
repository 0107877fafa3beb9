package ccproxy.wire;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// Where two JSON values differ, by path, in the order of the expected one. The order of an
/// object's members is none. At most [#SHOWN_MAX] places.
public final class JsonDifference {
    /// More than these nobody reads: what follows is mostly the same once more.
    public static final int SHOWN_MAX = 10;

    /// Enough to see what a value is, not to read it.
    private static final int VALUE_CHARACTERS_MAX = 200;

    private static final int CONTEXT_CHARACTERS = 30;

    private final Set<String> ignored;
    private final List<String> lines = new ArrayList<>();

    private JsonDifference(Set<String> ignored) {
        this.ignored = ignored;
    }

    /// {@return a line for each place: `$.a[1]: expected 1, found 2`}
    ///
    /// @param ignored paths that are not looked at
    public static List<String> of(JsonNode expected, JsonNode found, Set<String> ignored) {
        var differences = new JsonDifference(ignored);
        differences.compare("$", expected, found);
        return differences.lines;
    }

    private void compare(String path, JsonNode expected, JsonNode found) {
        if (lines.size() == SHOWN_MAX || ignored.contains(path) || expected.equals(found)) return;
        if (expected.isObject() && found.isObject()) {
            var names = new LinkedHashSet<>(expected.propertyNames());
            names.addAll(found.propertyNames());
            for (String name : names)
                compare(path + "." + name, expected.path(name), found.path(name));
        } else if (expected.isArray() && found.isArray()) {
            for (int i = 0; i < Math.max(expected.size(), found.size()); i++)
                compare(path + "[" + i + "]", expected.path(i), found.path(i));
        } else if (expected.isString() && found.isString()) {
            lines.add(path + ": " + texts(expected.asString(), found.asString()));
        } else {
            lines.add(path + ": expected " + shown(expected) + ", found " + shown(found));
        }
    }

    /// {@return two texts that differ, from a little before where they do}
    static String texts(String expected, String found) {
        int same = 0;
        int length = Math.min(expected.length(), found.length());
        while (same < length && expected.charAt(same) == found.charAt(same)) same++;
        int from = same < VALUE_CHARACTERS_MAX / 2 ? 0 : same - CONTEXT_CHARACTERS;
        String where = from == 0 ? "" : "from character " + from + " on, ";
        return where + "expected " + quoted(expected, from) + ", found " + quoted(found, from);
    }

    private static String quoted(String text, int from) {
        return shown(new String(Json.quoted(text.substring(from)), StandardCharsets.UTF_8));
    }

    private static String shown(JsonNode value) {
        return value.isMissingNode() ? "nothing" : shown(Json.text(value));
    }

    /// {@return a value for people: no longer than they read}
    static String shown(String text) {
        if (text.length() <= VALUE_CHARACTERS_MAX) return text;
        return text.substring(0, VALUE_CHARACTERS_MAX) + "… (" + text.length() + " characters)";
    }
}
