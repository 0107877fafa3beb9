package ccproxy.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What the program can do.
enum Subcommand {
    SERVE("[flags]", "runs the server (the default)", true, List.of()),
    ASK(
            "[--session ID] [--model M] [flags] TEXT",
            "one streamed answer, through a running server or, with none, in process",
            true,
            List.of("--session", "--model")),
    CONFIG("[flags]", "every key, its value and where it comes from", true, List.of()),
    DOCTOR(
            "[--client NAME [--model M]] [flags]",
            "what an answer needs, whether it is there, and what to do; with --client, whether that"
                    + " client's first requests work on the running server: all, or one of "
                    + String.join(", ", ClientScript.NAMES),
            true,
            List.of("--client", "--model")),
    USAGE(
            "[--by day|model|session|key] [--since 7d] [--json] [flags]",
            "requests, tokens and cost, from the ledger of the servers that ran here",
            true,
            List.of("--by", "--since", "--json")),
    REPLAY(
            "DIR…",
            "sends traced requests (trace.dir) again, upstreams played, and tells what differs",
            false,
            List.of()),
    TOKEN("", "a new random auth token and the line that sets it", false, List.of()),
    COMPLETION("bash|zsh|fish", "the script that completes all this in a shell", false, List.of()),
    HELP("[SUBCOMMAND]", "what a subcommand does", false, List.of());

    private final String usage;
    private final String meaning;
    private final boolean takesKeys;
    private final List<String> ownFlags;

    Subcommand(String usage, String meaning, boolean takesKeys, List<String> ownFlags) {
        this.usage = usage;
        this.meaning = meaning;
        this.takesKeys = takesKeys;
        this.ownFlags = ownFlags;
    }

    /// {@return the subcommand of that name}
    static Optional<Subcommand> named(String name) {
        return List.of(values()).stream().filter(c -> c.text().equals(name)).findFirst();
    }

    /// {@return all their names}
    static List<String> names() {
        return List.of(values()).stream().map(Subcommand::text).toList();
    }

    /// {@return its name, as one types it}
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// {@return what may follow its name}
    String usage() {
        return usage;
    }

    /// {@return one line for people}
    String meaning() {
        return meaning;
    }

    /// {@return whether every key is a flag of it}
    boolean takesKeys() {
        return takesKeys;
    }

    /// {@return whether words may follow that are no flags}
    boolean takesWords() {
        return this == ASK || this == REPLAY || this == HELP || this == COMPLETION;
    }

    /// {@return whether those words are names of files or folders}
    boolean takesPaths() {
        return this == REPLAY;
    }

    /// {@return the words that may follow, if they are known ones}
    List<String> words() {
        return switch (this) {
            case HELP -> names();
            case COMPLETION -> CompletionCommand.SHELLS;
            default -> List.of();
        };
    }

    /// {@return every flag it takes}
    List<String> flags() {
        var flags = new ArrayList<String>();
        if (takesKeys) Keys.ALL.forEach(key -> flags.add(key.flag()));
        if (takesKeys) flags.add(Args.CONFIG);
        flags.addAll(ownFlags);
        flags.addAll(List.of(Args.HELP, Args.VERSION));
        return flags;
    }
}
