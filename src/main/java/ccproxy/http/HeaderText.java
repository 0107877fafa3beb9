package ccproxy.http;

import com.sun.net.httpserver.Headers;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// The text of headers: what a request has, and what a response may hold.
final class HeaderText {
    /// A header line stays far below what any client accepts (8 kB), whatever a model is called.
    private static final int CHARACTERS_MAX = 2000;

    private HeaderText() {}

    /// {@return `value` cut to what a header holds; what none may hold is a question mark}
    static String of(String value) {
        String shown = value.substring(0, Math.min(value.length(), CHARACTERS_MAX));
        return isVisible(shown) ? shown : shown.replaceAll("[^\\x20-\\x7E]", "?");
    }

    /// {@return the first value of a header, `""` when there is none}
    static String first(Headers headers, String name) {
        String value = headers.getFirst(name);
        return value == null ? "" : value;
    }

    /// {@return the headers whose names begin so, by lower-case name}
    static Map<String, List<String>> all(Headers headers, String prefix) {
        var all = new TreeMap<String, List<String>>();
        headers.forEach((name, values) -> {
            if (name.regionMatches(true, 0, prefix, 0, prefix.length()))
                all.put(name.toLowerCase(Locale.ROOT), values);
        });
        return all;
    }

    private static boolean isVisible(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') return false;
        }
        return true;
    }
}
