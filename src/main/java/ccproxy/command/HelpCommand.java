package ccproxy.command;

import java.util.List;

/// `help` and `--help`: what there is, from the tables of subcommands and keys.
final class HelpCommand {
    private static final String SOURCES =
            """

            Each flag is also a variable (--api-base-url: CCPROXY_API_BASE_URL) and a key of a JSON
            file (api.base_url). A flag wins over a variable, a variable over the file; the file is
            --config FILE, else ./ccproxy.json, else ~/.config/ccproxy/ccproxy.json. Between variable
            and file: a secret in the file of its key's name in $CREDENTIALS_DIRECTORY (systemd).
            Durations: 500ms 5s 2m 1h. Sizes: 512KB 32MB 1GB (1KB = 1024 bytes).
            Exit codes: 0 stopped as asked, 1 could not start, 2 wrong flag, variable or file.\
            """;

    private final Surroundings surroundings;

    HelpCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /// Prints the help of the subcommand that the words name, else of the program.
    ///
    /// @throws CommandException if there is no such subcommand
    ExitCode run(List<String> words) {
        if (words.isEmpty()) return program();
        // An unknown name gets the same error here as in its own place.
        return subcommand(Args.parse(words.subList(0, 1)).subcommand());
    }

    /// Prints what the program can do, and every flag.
    ExitCode program() {
        print("ccproxy puts Claude behind the OpenAI and Anthropic APIs.");
        print("");
        print("usage: ccproxy [SUBCOMMAND] [flags]");
        print("");
        for (Subcommand each : Subcommand.values()) {
            print("  %-10s %s".formatted(each.text(), each.meaning()));
        }
        flags();
        return ExitCode.OK;
    }

    /// Prints what one subcommand does, and its flags.
    ExitCode subcommand(Subcommand subcommand) {
        print(("usage: ccproxy " + subcommand.text() + " " + subcommand.usage()).strip());
        print("");
        print("  " + subcommand.meaning());
        if (subcommand.takesKeys()) flags();
        return ExitCode.OK;
    }

    private void flags() {
        print("");
        print("flags, with their defaults:");
        for (Key<?> key : Config.keys()) {
            String flag = key.flag() + (key.isSwitch() ? "" : " " + shownDefault(key));
            print("  %-42s  %s".formatted(flag, meaning(key)));
        }
        print("  %-42s  %s".formatted(Args.CONFIG + " FILE", "the settings file"));
        print("  %-42s  %s".formatted(Args.HELP + ", " + Args.VERSION, "this text, the version"));
        print(SOURCES);
    }

    private static String shownDefault(Key<?> key) {
        return key.defaultText().isEmpty() ? "-" : key.defaultText();
    }

    private static String meaning(Key<?> key) {
        String fallback = key.fallbackVariable();
        return fallback.isEmpty() ? key.meaning() : key.meaning() + "; else " + fallback;
    }

    private void print(String line) {
        surroundings.out().println(line);
    }
}
