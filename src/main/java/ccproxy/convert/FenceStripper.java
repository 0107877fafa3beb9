package ccproxy.convert;

/// Takes the code fence off an answer that was to be bare JSON, as the answer comes: the first line
/// when it opens a fence, and the last when it closes it. For one answer.
final class FenceStripper {
    private static final String FENCE = "```";

    private final StringBuilder held = new StringBuilder();
    private boolean isBegun;
    private boolean isFenced;

    /// {@return what of the answer is certain after `text`}
    String add(String text) {
        held.append(text);
        if (!isBegun && !begin()) return "";
        if (!isFenced) return take(held.length());
        // What may be the closing fence waits: white space and fence at the end.
        int certain = held.length();
        while (certain > 0 && isTail(held.charAt(certain - 1))) certain--;
        return take(certain);
    }

    /// Whether the beginning is known: a fence line to its end, or no fence.
    private boolean begin() {
        String start = held.toString().stripLeading();
        if (start.length() < FENCE.length() && FENCE.startsWith(start)) return false;
        if (start.startsWith(FENCE)) {
            int lineEnd = start.indexOf('\n');
            if (lineEnd < 0) return false;
            held.setLength(0);
            held.append(start, lineEnd + 1, start.length());
            isFenced = true;
        }
        isBegun = true;
        return true;
    }

    /// {@return the rest, without the closing fence}
    String end() {
        String rest = take(held.length());
        if (!isFenced) return rest;
        String stripped = rest.stripTrailing();
        return stripped.endsWith(FENCE)
                ? stripped.substring(0, stripped.length() - FENCE.length()).stripTrailing()
                : rest;
    }

    private static boolean isTail(char c) {
        return c == '`' || Character.isWhitespace(c);
    }

    private String take(int length) {
        String taken = held.substring(0, length);
        held.delete(0, length);
        return taken;
    }
}
