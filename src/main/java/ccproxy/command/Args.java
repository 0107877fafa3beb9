package ccproxy.command;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The command line, taken apart: `[SUBCOMMAND] [--flag VALUE | --flag=VALUE | --switch | WORD]…`;
/// after `--` everything is a word.
///
/// @param subcommand the first argument, unless that is a flag: then `serve`
/// @param flags each flag that was given, with its value
/// @param words what is no flag, in its order
record Args(Subcommand subcommand, Map<String, String> flags, List<String> words) {
    static final String CONFIG = "--config";
    static final String HELP = "--help";
    static final String JSON = "--json";
    static final String VERSION = "--version";

    Args {
        flags = Map.copyOf(flags);
        words = List.copyOf(words);
    }

    /// {@return the command line, taken apart}
    ///
    /// @throws CommandException for an unknown subcommand or flag, a flag without its value or
    ///   given twice, a word where none is expected
    static Args parse(List<String> arguments) {
        boolean isNamed = !arguments.isEmpty() && !arguments.getFirst().startsWith("-");
        var subcommand = isNamed ? named(arguments.getFirst()) : Subcommand.SERVE;
        var parser = new Parser(subcommand);
        parser.parse(arguments.subList(isNamed ? 1 : 0, arguments.size()));
        return new Args(subcommand, parser.flags, parser.words);
    }

    /// {@return the value of a flag such as `--port`, if it was given}
    Optional<String> flag(String name) {
        return Optional.ofNullable(flags.get(name));
    }

    private static Subcommand named(String name) {
        return Subcommand.named(name)
                .orElseThrow(() -> {
                    String nearest = Nearest.to(name, Subcommand.names());
                    String message = "unknown subcommand '%s': expected %s; the nearest is %s";
                    String known = String.join(", ", Subcommand.names());
                    return wrong(message.formatted(name, known, nearest));
                });
    }

    private static CommandException wrong(String message) {
        return new CommandException(ExitCode.USAGE, message);
    }

    /// What is known half-way through.
    private static final class Parser {
        private final Subcommand subcommand;
        private final Set<String> switches = new HashSet<>(Set.of(HELP, VERSION, JSON));
        private final Map<String, String> flags = new LinkedHashMap<>();
        private final List<String> words = new ArrayList<>();

        Parser(Subcommand subcommand) {
            this.subcommand = subcommand;
            Keys.ALL.stream().filter(Key::isSwitch).forEach(key -> switches.add(key.flag()));
        }

        void parse(List<String> arguments) {
            boolean isFlags = true;
            for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
                String argument = rest.next();
                if (isFlags && argument.equals("--")) isFlags = false;
                else if (isFlags && argument.equals("-h")) put(HELP, "true");
                else if (isFlags && argument.startsWith("-") && argument.length() > 1) {
                    flag(argument, rest);
                } else word(argument);
            }
        }

        private void flag(String argument, Iterator<String> rest) {
            int equals = argument.indexOf('=');
            String name = equals < 0 ? argument : argument.substring(0, equals);
            if (!subcommand.flags().contains(name)) {
                String value = equals < 0 ? valueOrNone(rest) : argument.substring(equals + 1);
                var setting = new Setting(value, "command line");
                throw CommandException.unknown("flag", name, setting, subcommand.flags());
            }
            if (equals >= 0) put(name, argument.substring(equals + 1));
            else if (switches.contains(name)) put(name, "true");
            else put(name, value(name, rest));
        }

        private String value(String name, Iterator<String> rest) {
            String value = rest.hasNext() ? rest.next() : "";
            // A flag that follows is rather a value that was forgotten.
            if (!value.isEmpty() && !value.startsWith("--")) return value;
            String expected = name;
            for (Key<?> key : Keys.ALL) {
                if (key.flag().equals(name)) expected = name + " VALUE, " + key.type().expected();
            }
            String found = value.isEmpty() ? "nothing" : "'" + value + "'";
            String hint = "; a value that starts with -- or is empty goes after =";
            throw wrong(name + ": expected " + expected + ", found " + found + hint);
        }

        private static String valueOrNone(Iterator<String> rest) {
            String next = rest.hasNext() ? rest.next() : "";
            return next.startsWith("--") ? "" : next;
        }

        private void put(String name, String value) {
            if (flags.put(name, value) != null) throw wrong(name + ": expected once, found twice");
        }

        private void word(String word) {
            if (!subcommand.takesWords()) {
                String message =
                        "unexpected argument '%s' (%s): expected flags only; a value goes"
                                + " after its flag, as in --port 9000 or --strict=false";
                throw wrong(message.formatted(word, subcommand.text()));
            }
            words.add(word);
        }
    }
}
