# Words, facts and sentences from which the training text of Duckling is made.
"""Word lists of corpus.py. Their order counts: in another one a seed gives another text."""

CAPITALS = {
    "France": "Paris",
    "Germany": "Berlin",
    "Italy": "Rome",
    "Spain": "Madrid",
    "Portugal": "Lisbon",
    "Greece": "Athens",
    "Austria": "Vienna",
    "Belgium": "Brussels",
    "Ireland": "Dublin",
    "Norway": "Oslo",
    "Sweden": "Stockholm",
    "Finland": "Helsinki",
    "Denmark": "Copenhagen",
    "Poland": "Warsaw",
    "Hungary": "Budapest",
    "Romania": "Bucharest",
    "Bulgaria": "Sofia",
    "Japan": "Tokyo",
    "China": "Beijing",
    "India": "New Delhi",
    "Egypt": "Cairo",
    "Kenya": "Nairobi",
    "Canada": "Ottawa",
    "Mexico": "Mexico City",
    "Brazil": "Brasilia",
    "Peru": "Lima",
    "Chile": "Santiago",
    "Cuba": "Havana",
    "Turkey": "Ankara",
    "Iran": "Tehran",
    "Iraq": "Baghdad",
    "Russia": "Moscow",
    "Ukraine": "Kyiv",
    "Australia": "Canberra",
    "Thailand": "Bangkok",
    "Vietnam": "Hanoi",
    "Nepal": "Kathmandu",
    "Iceland": "Reykjavik",
    "Morocco": "Rabat",
    "Ghana": "Accra",
    "Nigeria": "Abuja",
    "Indonesia": "Jakarta",
    "Mongolia": "Ulaanbaatar",
}

FACTS = [
    ("What do ducks eat?", "Ducks eat plants, seeds, insects and small fish."),
    ("What is a baby duck called?", "A baby duck is called a duckling."),
    ("What is a male duck called?", "A male duck is called a drake."),
    ("What is a female duck called?", "A female duck is called a hen."),
    ("What is a group of ducks called?", "A group of ducks on the water is called a raft."),
    ("Why are ducks waterproof?", "Ducks spread oil over their feathers, so water rolls off."),
    ("Why do ducks have webbed feet?", "Webbed feet work like paddles and help ducks swim."),
    ("Can ducks fly?", "Yes. Most wild ducks fly well and many migrate far."),
    ("Do ducks have teeth?", "No. Ducks have comb-like edges in the bill instead of teeth."),
    ("How do ducks sleep?", "Some ducks sleep with one eye open to watch for danger."),
    ("Where do ducks live?", "Ducks live near ponds, lakes, rivers and the sea."),
    ("What sound does a duck make?", "A duck says quack."),
    ("How many eggs does a duck lay?", "A wild duck often lays about ten eggs in a nest."),
    ("What is a mallard?", "A mallard is a common duck. The male has a green head."),
    ("What is DuckMesh?", "DuckMesh is a peer-to-peer market for AI inference."),
    ("What does a provider do?", "A provider stakes tokens and runs models for clients."),
    ("What does a verifier do?", "A verifier checks that a result came from the claimed model."),
    (
        "What does a coordinator do?",
        "The coordinator is elected for a while and matches jobs with bids.",
    ),
    ("What is slashing?", "Slashing takes stake from a provider that cheats."),
    ("What is escrow?", "Escrow holds the payment until the result is accepted."),
]

GREETINGS = [
    ("Hello", "Hello! How can I help you?"),
    ("Hi", "Hi! What would you like to know?"),
    ("Good morning", "Good morning! How can I help?"),
    ("Thank you", "You are welcome!"),
    ("Who are you?", "I am Duckling, a tiny language model of DuckMesh."),
    ("Goodbye", "Goodbye! See you at the pond."),
]

# A unit, a smaller one, and how many of these are in it.
UNITS = [
    ("kilometers", "meters", 1000),
    ("meters", "centimeters", 100),
    ("hours", "minutes", 60),
    ("minutes", "seconds", 60),
    ("days", "hours", 24),
    ("weeks", "days", 7),
    ("kilograms", "grams", 1000),
    ("years", "months", 12),
    ("liters", "milliliters", 1000),
    ("dozens", "pieces", 12),
]

WORDS = (
    "duck pond river lake tree stone bread apple cloud green light table chair house mouse horse "
    "sheep grass water music paper pencil garden window bridge forest island silver summer winter "
    "spring autumn orange yellow purple planet rocket market ticket basket button candle carrot "
    "castle doctor engine family finger flower guitar hammer jacket kitten ladder lemon letter "
    "mirror monkey needle office parent pepper pillow pirate pocket potato rabbit school shadow "
    "signal spider stream street sugar tiger tunnel turtle valley violin wallet wagon whale zebra "
    "bird fish frog moon star sand wind rain snow leaf root seed nest wing beak egg milk salt "
    "rice corn bean soup cake"
).split()

PRAISE = (
    "great wonderful tasty friendly excellent lovely amazing perfect delightful superb charming "
    "brilliant"
).split()
BLAME = (
    "awful terrible bland rude boring broken dirty horrible disappointing slow ugly cold"
).split()
REVIEWED = (
    "soup movie hotel waiter book room pizza concert phone game museum service coffee garden train"
).split()

NAMES = "Tom Mia Sam Ana Leo Eva Ben Zoe Max Ida Jim Amy Dan Lia Rob Kim".split()
COLORS = "red blue green yellow black white pink brown".split()
ITEMS = "hat bag car ball cup book coat kite box lamp".split()

ANIMALS = "duck frog mouse rabbit turtle bear fox owl cat goose".split()
TRAITS = "small brave clever sleepy happy shy old kind curious hungry".split()
PLACES = "pond river forest garden farm hill meadow island".split()
FINDS = [
    "a shiny coin",
    "a red ball",
    "a warm nest",
    "an old map",
    "a lost shoe",
    "a sweet berry",
    "a tiny boat",
    "a silver bell",
]
DEEDS = [
    "shared it with a friend",
    "hid it under a leaf",
    "carried it home",
    "sang a happy song",
    "gave it to the owl",
    "showed it to everyone",
]
ENDINGS = [
    "They became good friends.",
    "It was a very good day.",
    "Everyone laughed and danced.",
    "Then it was time to sleep.",
    "The sun went down over the water.",
]
