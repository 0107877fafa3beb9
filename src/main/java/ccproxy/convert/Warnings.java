package ccproxy.convert;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.util.LinkedHashMap;
import java.util.Map;

/// What of a request could not be honoured, for the header `x-ccproxy-warnings: field=action; …`.
/// When strict, the first of them is an error instead.
public final class Warnings {
    /// A header line stays far below what any client accepts (8 kB).
    static final int CHARACTERS_MAX = 2000;

    private static final int FIELD_CHARACTERS_MAX = 100;
    private static final int ACTIONS_MAX = 100;
    private static final String MORE = "; more=omitted";

    private final boolean isStrict;
    private final Map<String, String> actions = new LinkedHashMap<>();
    private boolean hasMore;

    /// @param isStrict whether a field that cannot be honoured is an error
    public Warnings(boolean isStrict) {
        this.isStrict = isStrict;
    }

    /// Notes that a field was dropped or changed.
    ///
    /// @param action one word, perhaps with a value: `dropped`, `clamped(1)`
    /// @throws ApiException when strict
    public void add(String field, String action) {
        if (isStrict) {
            throw new ApiException(
                            ErrorKind.INVALID_REQUEST,
                            field + ": cannot be honoured as given (it would be " + action + ")")
                    .at(field)
                    .code("unsupported_parameter");
        }
        note(field, action);
    }

    /// Notes something about the answer, or about a field whose loss changes nothing the client
    /// asked for: never an error.
    public void note(String field, String action) {
        if (actions.size() < ACTIONS_MAX)
            actions.putIfAbsent(headerSafe(field), headerSafe(action));
        else hasMore = true;
    }

    /// {@return the header's value, `""` when there is nothing to say}
    public String header() {
        var line = new StringBuilder();
        for (var entry : actions.entrySet()) {
            String next = entry.getKey() + "=" + entry.getValue();
            String between = line.isEmpty() ? "" : "; ";
            int length = line.length() + between.length() + next.length();
            if (length + MORE.length() > CHARACTERS_MAX) return line + MORE;
            line.append(between).append(next);
        }
        return hasMore ? line + MORE : line.toString();
    }

    /// Field names come from the client: only what cannot break a header gets through.
    private static String headerSafe(String text) {
        String safe = text.replaceAll("[^A-Za-z0-9_.\\[\\]() -]", "_");
        return safe.length() <= FIELD_CHARACTERS_MAX
                ? safe
                : safe.substring(0, FIELD_CHARACTERS_MAX);
    }
}
