package ccproxy.command;

import java.util.List;
import java.util.Objects;

/// Why the program cannot go on, as one line for the person who started it, and its exit code.
final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// Characters; names and values come from outside.
    private static final int MESSAGE_LENGTH_MAX = 1000;

    private final ExitCode code;

    /// What to say and how to end.
    CommandException(ExitCode code, String message) {
        super(line(message));
        this.code = Objects.requireNonNull(code);
    }

    /// {@return the exit code}
    ExitCode code() {
        return code;
    }

    /// {@return the error for a name that is none of `known`}
    ///
    /// @param what a name it is: flag, variable, key
    /// @param setting its value and where it was found
    static CommandException unknown(String what, String name, Setting setting, List<String> known) {
        String nearest = Nearest.to(name, known);
        // A mistyped secret is still one.
        boolean isSecret = (name + " " + nearest).matches("(?i).*(tok|key|secret|pass).*");
        String message = "unknown %s %s: %s; expected a known one, the nearest is %s";
        String found = setting.found(isSecret);
        return new CommandException(ExitCode.USAGE, message.formatted(what, name, found, nearest));
    }

    /// {@return `message` as a line: line breaks and control characters, which a value may hold, as
    /// `?`}
    private static String line(String message) {
        String line = message.replaceAll("[\\p{Cc}\\u2028\\u2029]", "?");
        boolean isLong = line.length() > MESSAGE_LENGTH_MAX;
        return isLong ? line.substring(0, MESSAGE_LENGTH_MAX) + "…" : line;
    }
}
