package ccproxy.command;

/// Why a client could not use an answer, and what to do about it.
final class Unfit extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// Characters of a message: some of it is what a server said.
    private static final int MESSAGE_LENGTH_MAX = 500;

    private final String remedy;

    /// What is wrong, and what to do.
    Unfit(String problem, String remedy) {
        super(clipped(problem));
        this.remedy = remedy;
    }

    /// {@return what to do}
    String remedy() {
        return remedy;
    }

    private static String clipped(String text) {
        String line = text.replaceAll("[\\p{Cc}\\u2028\\u2029]", "?");
        boolean isLong = line.length() > MESSAGE_LENGTH_MAX;
        return isLong ? line.substring(0, MESSAGE_LENGTH_MAX) + "…" : line;
    }
}
