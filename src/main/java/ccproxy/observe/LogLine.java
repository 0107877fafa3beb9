package ccproxy.observe;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;
import java.util.regex.Pattern;

/// One line of the log while it is put together; nothing is written before [#write]. Belongs to one
/// thread. Every request has one, so it is made in one buffer. Text is masked (see [Secrets]) and
/// long text is cut, so that a line stays under 32 kB whatever is put into it: a field that has no
/// room is left out, and all after it.
public final class LogLine {
    private static final int LINE_BYTES_MAX = 32 * 1024;

    /// Most lines are of requests.
    private static final int LINE_CHARS = 640;

    /// What every line begins with: a reader must find the line's time where it looks.
    private static final Set<String> HEAD = Set.of("time", "level", "msg");

    private static final String REQUEST_ID = "request_id";

    private static final int NAME_BYTES_MAX = 200;

    /// One value: a message or a stack, not a body.
    private static final int VALUE_BYTES_MAX = 8 * 1024;

    /// A value of this many characters is cut before it is searched for secrets: the rest of it
    /// would not be written anyway, and the search must not cost more than the line is worth.
    private static final int VALUE_CHARS_MAX = 4 * VALUE_BYTES_MAX;

    /// What reads well without quotes in the text format.
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._:/@+\\-]{1,200}");

    private final Log.Output output;
    private final Log.Level level;
    private final boolean isJson;

    /// The line so far; null when it will not be written.
    private final StringBuilder line;

    private int fieldStart;
    private boolean hasRequestId;
    private boolean isFull;

    LogLine(Log.Output output, Log.Level level, String message) {
        this.output = output;
        this.level = level;
        this.isJson = output.format() == Log.Format.JSON;
        this.line = level.compareTo(output.level()) < 0 ? null : new StringBuilder(LINE_CHARS);
        if (line != null) head(message);
    }

    private void head(String message) {
        if (isJson) line.append("{\"time\":\"");
        UtcTime.append(line, Instant.now());
        if (isJson) {
            line.append("\",\"level\":\"").append(level.text()).append("\",\"msg\":");
            text(message);
        } else {
            line.append(" %-5s ".formatted(level));
            int start = line.length();
            text(message);
            line.deleteCharAt(line.length() - 1).deleteCharAt(start);
        }
    }

    /// Adds text; null is written as `null`.
    ///
    /// @param name one that the line does not have yet
    /// @return this line
    public LogLine with(String name, String value) {
        if (!begin(name)) return this;
        int start = line.length();
        if (value == null) line.append("null");
        else text(value);
        if (!isJson) unquote(name, start);
        return end();
    }

    /// Adds a whole number.
    ///
    /// @return this line
    public LogLine with(String name, long value) {
        if (!begin(name)) return this;
        line.append(value);
        return end();
    }

    /// Adds a number; one that JSON cannot say (NaN, infinite) is written as `null`.
    ///
    /// @return this line
    public LogLine with(String name, double value) {
        if (!begin(name)) return this;
        if (Double.isFinite(value)) line.append(value);
        else line.append("null");
        return end();
    }

    /// Adds a decimal: `parts` of a unit that has 10^`digits` of them.
    ///
    /// @param parts not negative
    /// @param digits from 1 to 9
    /// @return this line
    LogLine with(String name, long parts, int digits) {
        if (!begin(name)) return this;
        Decimal.append(line, parts, digits);
        return end();
    }

    /// Adds `true` or `false`.
    ///
    /// @return this line
    public LogLine with(String name, boolean value) {
        if (!begin(name)) return this;
        line.append(value);
        return end();
    }

    /// Adds `error`: class and message; and its `stack`, if the line's level is error or the log's
    /// is debug.
    ///
    /// @return this line
    public LogLine with(Throwable problem) {
        if (line == null) return this;
        String detail = problem.getMessage();
        String name = problem.getClass().getName();
        with("error", detail == null ? name : name + ": " + detail);
        boolean hasStack = level == Log.Level.ERROR || output.level() == Log.Level.DEBUG;
        return hasStack ? with("stack", stack(problem)) : this;
    }

    /// Writes the line, if its level is. With a [RequestContext] bound, its `request_id` is added
    /// unless the line has one.
    public void write() {
        if (line == null) return;
        String requestId = RequestContext.current().requestId();
        if (!hasRequestId && !requestId.isEmpty()) with(REQUEST_ID, requestId);
        line.append(isJson ? "}\n" : "\n");
        byte[] bytes = line.toString().getBytes(StandardCharsets.UTF_8);
        PrintStream stream = output.stream();
        // One call: a PrintStream is locked for the length of a call, so lines never mix.
        stream.write(bytes, 0, bytes.length);
        stream.flush();
    }

    /// {@return whether a field is begun, of which the value comes next}
    private boolean begin(String name) {
        if (line == null || isFull || HEAD.contains(name)) return false;
        fieldStart = line.length();
        if (isJson) {
            line.append(',');
            JsonText.append(line, name, NAME_BYTES_MAX);
            line.append(':');
        } else {
            line.append(' ').append(name).append('=');
        }
        if (name.equals(REQUEST_ID)) hasRequestId = true;
        return true;
    }

    /// Takes the field back when there was no room for it.
    private LogLine end() {
        int room = LINE_BYTES_MAX - "}\n".length();
        // A character has at most three bytes, and most lines have far fewer than could matter.
        if (3 * line.length() > room && utf8Length(line) > room) {
            line.setLength(fieldStart);
            isFull = true;
        }
        return this;
    }

    private void text(String value) {
        boolean isLong = value.length() > VALUE_CHARS_MAX;
        String start = isLong ? value.substring(0, VALUE_CHARS_MAX) : value;
        JsonText.append(line, Secrets.mask(start), VALUE_BYTES_MAX);
    }

    private void unquote(String name, int start) {
        String json = line.substring(start);
        String inside = json.substring(1, json.length() - 1);
        String shown = json.startsWith("\"") && PLAIN.matcher(inside).matches() ? inside : json;
        // A person reads a stack line by line; indented, so that no line of it looks like ours.
        if (name.equals("stack")) shown = shown.replace("\\n", "\n    ");
        line.setLength(start);
        line.append(shown);
    }

    private static int utf8Length(CharSequence text) {
        return text.toString().getBytes(StandardCharsets.UTF_8).length;
    }

    private static String stack(Throwable problem) {
        var out = new StringWriter();
        problem.printStackTrace(new PrintWriter(out));
        return out.toString();
    }
}
