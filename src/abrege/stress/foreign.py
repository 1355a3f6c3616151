"""Texts in German, Spanish, Italian, French and English, for a suite in English or French."""

VALUES = {
    "german": ("Weber", "Krüger", "Lindner", "Vogel", "Brandt", "Seidel", "Hartmann", "Busch"),
    "spanish": ("Romero", "Vidal", "Navarro", "Ortega", "Molina", "Serrano", "Campos", "Ibarra"),
    "italian": ("Ferrari", "Moretti", "Galli", "Conti", "Ricci", "Marini", "Fontana", "Greco"),
    "british": ("Harris", "Bennett", "Walker", "Foster", "Hughes", "Palmer", "Wright", "Cooper"),
    "french": ("Moreau", "Garnier", "Perrin", "Renaud", "Gauthier", "Masson", "Lemaire", "Roche"),
    "cent": (60, 70, 80, 90, 120, 150, 180, 240, 320, 450),
}

GERMAN = """
Das Museum am Hafen bleibt ab Montag geschlossen. Wie die Leiterin, Frau {german1}, mitteilte, ist
  bei einem Unwetter Wasser in den Keller gelaufen, in dem die alten Schiffsmodelle stehen. Verletzt
  wurde niemand. {cent1} Modelle müssen nun getrocknet und gereinigt werden, was mehrere Monate
  dauern dürfte.
Wer schon eine Eintrittskarte gekauft hat, bekommt sein Geld zurück. Der Verein der Freunde des
  Hauses sucht Helfer, die an den Wochenenden mit anpacken. Das Café neben dem Eingang bleibt
  geöffnet.
"""
SPANISH = """
La panadería más antigua del barrio ha cambiado de dueño. Después de cuarenta años, la señora
  {spanish1} se jubila y deja el horno a su nieta, que hasta ahora trabajaba como ingeniera en la
  capital. Los vecinos temían que el local se convirtiera en un bar.
La nieta asegura que todo seguirá igual: el mismo pan, los mismos precios y la misma hora de abrir.
  Solo piensa añadir dos mesas y una máquina de café. El primer día vendió {cent1} barras antes del
  mediodía y tuvo que cerrar antes de tiempo.
"""
ITALIAN = """
Il ponte di legno sul torrente è crollato nella notte dopo tre giorni di pioggia. Nessuno è rimasto
  ferito, perché il sindaco {italian1} lo aveva fatto chiudere la sera prima. Gli abitanti della
  frazione, circa {cent1} persone, sono ora raggiungibili solo a piedi, per un sentiero nel bosco.
La protezione civile porta i viveri con i muli. Un ponte provvisorio di ferro dovrebbe arrivare
  entro due settimane; quello nuovo, secondo il comune, non sarà pronto prima dell'estate. La scuola
  resta chiusa fino a nuovo avviso.
"""
FRENCH = """
La fête de la musique a failli tourner court dans le quartier de la gare. Une panne de courant a
  plongé la scène dans le noir vers 21 heures, au milieu du concert de la fanfare. Le chef, M.
  {french1}, a demandé aux {cent1} spectateurs d'allumer la lampe de leur téléphone, et l'orchestre
  a continué à jouer par cœur pendant une demi-heure.
Le courant est revenu pour le dernier morceau. « C'était plus beau sans projecteurs », a confié une
  spectatrice. La mairie a promis de vérifier l'installation avant l'an prochain.
"""
ENGLISH = """
The last cinema in the valley has been saved. Its owner, Mr {british1}, had meant to close it at the
  end of the year because the projector was worn out and a new one was too dear for him. When the
  children of the village school heard of it, they wrote letters to everybody they could think of.
One of the letters reached a film director who had grown up near by. She has now paid for the
  projector, and {cent1} people came to the first showing. The owner says that he will carry on for
  as long as he can climb the stairs.
"""
